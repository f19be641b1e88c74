import { afterEach, expect, it, vi } from 'vitest';
import description from '../../../openapi.json';
import * as calls from './calls';
import { Problem, useCsrf } from './client';

/** By address; which name a part of it has does not matter. */
const paths = new Map(Object.entries(description.paths).map(([path, methods]) => [path.replace(/\{\w+\}/g, '{}'), methods as object]));

/** Every call there is, made with arguments of no meaning. */
const all: Record<string, () => Promise<unknown>> = {};
for (const [noun, group] of Object.entries(calls)) {
  if (typeof group === 'function') continue;
  for (const [verb, make] of Object.entries(group)) {
    const made = make as (...args: unknown[]) => Promise<unknown>;
    all[`${noun}.${verb}`] = () => made(...(verb === 'list' ? [{}] : Array<string>(made.length).fill('ID')));
  }
}
all['upload'] = () => calls.upload(new File(['x'], 'x.txt'));

function answer(status: number, body: unknown) {
  const fetched = vi.fn((_url: string, _init: RequestInit) => Promise.resolve(new Response(JSON.stringify(body), { status })));
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

afterEach(() => vi.unstubAllGlobals());

it.each(Object.keys(all))('%s is a call the API knows', async (name) => {
  const fetched = answer(200, { data: [] });
  await all[name]?.();
  const [url, init] = fetched.mock.calls[0] ?? ['', {}];
  const path = url.replace(/\?.*/, '').replace(/\/ID(?=\/|$)/g, '/{}');
  expect([...paths.keys()]).toContain(path);
  expect(Object.keys(paths.get(path) ?? {})).toContain(init.method?.toLowerCase());
});

it('unsafe methods carry the session’s token, and a repeat its key', async () => {
  const fetched = answer(201, {});
  useCsrf('token');
  await calls.tickets.reply('ID', { text: 'hello', attachments: [] }, 'key');
  expect(fetched.mock.calls[0]?.[1].headers).toMatchObject({ 'x-csrf-token': 'token', 'idempotency-key': 'key' });
});

it('a refusal is told in a sentence, with its stable code', async () => {
  answer(409, { code: 'sms_no_consent', detail: 'this customer has not agreed to receive texts' });
  const problem = await calls.tickets.show('ID').catch((error: unknown) => error as Problem);
  expect(problem).toMatchObject({
    status: 409,
    code: 'sms_no_consent',
    message: 'This customer has not agreed to receive texts.',
    passing: false,
  });
});

it('no connection is a passing problem', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  const problem = await calls.tickets.show('ID').catch((error: unknown) => error as Problem);
  expect(problem).toMatchObject({ code: 'unreachable', passing: true });
});
