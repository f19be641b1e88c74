import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { flushSync } from 'svelte';
import { settings } from './settings.svelte';

const saved = () => ({ badge: true, organization: { name: 'Acme' }, sms: { keywords: { subscribe: ['VIP'], answer_help: 'hello' } } });
let server: ReturnType<typeof saved>;
let answers: { status: number; body: object }[];
let patches: unknown[];

beforeEach(async () => {
  server = saved();
  answers = [];
  patches = [];
  vi.stubGlobal('fetch', (_url: string, init: RequestInit) => {
    if (init.method === 'PATCH') patches.push(JSON.parse(String(init.body)));
    const { status, body } = answers.shift() ?? { status: 200, body: server };
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
  settings.saved = null;
  settings.draft = null;
  await settings.load();
});

afterEach(() => vi.unstubAllGlobals());

it('saves what changed and nothing else', async () => {
  settings.draft!.sms.keywords.subscribe = ['VIP', 'GOLD'];
  flushSync();
  server.sms.keywords.subscribe.push('GOLD');
  expect(await settings.save()).toBe(true);
  expect(patches).toEqual([{ sms: { keywords: { subscribe: ['VIP', 'GOLD'] } } }]);
  expect(settings.changes).toEqual([]);
});

it('a refusal is told beside its setting, and what was written stays', async () => {
  settings.draft!.sms.keywords.subscribe = ['STOP'];
  answers.push({ status: 400, body: { code: 'invalid', detail: 'sms.keywords.subscribe: "STOP" is an opt-out' } });
  expect(await settings.save()).toBe(false);
  expect(settings.refusal).toEqual({ path: 'sms.keywords.subscribe', text: '"STOP" is an opt-out.' });
  expect(settings.draft!.sms.keywords.subscribe).toEqual(['STOP']);
  settings.undo();
  expect(settings.refusal).toBeNull();
  expect(settings.changes).toEqual([]);
});

it('a refusal about no setting is told all the same', async () => {
  settings.draft!.badge = false;
  answers.push({ status: 503, body: { code: 'unavailable', detail: 'the database is away: try again' } });
  await settings.save();
  expect(settings.refusal).toEqual({ path: '', text: 'The database is away: try again.' });
});

it('what a colleague saves appears, and what is being written stays', async () => {
  settings.draft!.sms.keywords.answer_help = 'mine';
  flushSync();
  server.organization.name = 'Acme & Sons';
  await settings.load();
  expect(settings.draft!.organization.name).toBe('Acme & Sons');
  expect(settings.changes.map(({ path }) => path.join('.'))).toEqual(['sms.keywords.answer_help']);
});
