import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { drafts, joined, rejoined } from './drafts.svelte';

/** The server keeps drafts; what it does not have yet is not lost here. */

let server: { version: number; text: string };
let puts: Record<string, unknown>[];
let online: boolean;
let refusal: object | null;
let stored: Map<string, string>;

const shown = () => ({ ticket_id: 'T', text: server.text, attachments: [], mail: null, note: '', version: server.version, updated_at: '' });

beforeEach(() => {
  server = { version: 0, text: '' };
  puts = [];
  online = true;
  refusal = null;
  stored = new Map();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  });
  drafts.begin('U');
  vi.stubGlobal('fetch', (_url: string, init: RequestInit) => {
    if (!online) return Promise.reject(new TypeError('offline'));
    if (init.method !== 'PUT') return Promise.resolve(new Response(JSON.stringify(shown())));
    if (refusal) return Promise.resolve(new Response(JSON.stringify(refusal), { status: 422 }));
    const body = JSON.parse(String(init.body)) as { text: string; version: number };
    puts.push(body);
    const replaced = body.version !== server.version && server.text ? shown() : null;
    server = { version: server.version + 1, text: body.text };
    return Promise.resolve(new Response(JSON.stringify({ draft: shown(), replaced })));
  });
});

afterEach(async () => {
  online = true;
  refusal = null;
  drafts.write('T', { text: '' });
  await drafts.flush('T');
  drafts.end();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('saves what was typed once its writer rests', async () => {
  vi.useFakeTimers();
  for (const text of ['H', 'Hi', 'Hi A']) drafts.write('T', { text });
  expect(puts).toEqual([]);
  await vi.advanceTimersByTimeAsync(700);
  expect(puts.map((put) => put['text'])).toEqual(['Hi A']);
});

it('keeps what was typed without a line, and brings it when there is one', async () => {
  online = false;
  drafts.write('T', { text: 'in the tunnel' });
  await drafts.flush('T');
  expect(JSON.parse(stored.get('frontdesk.drafts.U') ?? '')).toMatchObject([['T', { draft: { text: 'in the tunnel' }, dirty: true }]]);
  online = true;
  await drafts.flush('T');
  expect(server.text).toBe('in the tunnel');
  expect(drafts.of('T').text).toBe('in the tunnel');
});

it('shows what another device wrote, unless something newer was written here', async () => {
  server = { version: 50, text: 'on the phone' };
  await drafts.load('T');
  expect(drafts.of('T').text).toBe('on the phone');
  server = { version: 51, text: 'on the phone, more' };
  drafts.write('T', { text: 'here' });
  await drafts.load('T');
  await drafts.flush('T');
  expect(server.text).toBe('here');
  expect(drafts.replaced.get('T')?.text).toBe('on the phone, more');
  drafts.useReplaced('T');
  expect(drafts.of('T').text).toBe('on the phone, more');
});

it('an answer on its way is brought back by a reload until it is accepted', () => {
  drafts.hold('k', { ticketId: 'T', version: 0, text: 'Yes.', attachments: [] });
  const kept = () => (JSON.parse(stored.get('frontdesk.drafts.U') ?? '[]') as [string, { draft: { text: string } }][]).map(([, one]) => one.draft.text);
  expect(kept()).toEqual(['Yes.']);
  drafts.release('k');
  expect(kept()).toEqual([]);
});

it('puts an answer in front of what was typed since', () => {
  expect(joined({ text: 'Yes.', attachments: [] }, { text: 'And', attachments: [], note: 'n' })).toEqual({ text: 'Yes.\nAnd', attachments: [], note: 'n' });
});

it('leaves the words of one who signs out to nobody else', async () => {
  stored.set('frontdesk.drafts', JSON.stringify([['T', { text: 'of an older console', attachments: [] }]]));
  drafts.end();
  drafts.begin('U');
  expect(stored.has('frontdesk.drafts')).toBe(false);
  online = false;
  drafts.write('T', { text: 'not yet saved' });
  drafts.hold('k', { ticketId: 'S', version: 0, text: 'Yes.', attachments: [] });
  drafts.end();
  expect(drafts.of('T').text).toBe('');
  drafts.begin('V');
  expect([drafts.has('T'), drafts.has('S')]).toEqual([false, false]);
  drafts.begin('U');
  expect([drafts.of('T').text, drafts.of('S').text]).toEqual(['not yet saved', 'Yes.']);
  online = true;
  await drafts.flushAll();
  expect(puts.map((put) => put['text']).sort()).toEqual(['Yes.', 'not yet saved']);
  drafts.write('S', { text: '' });
  await drafts.flushAll();
  drafts.end();
  expect(stored.get('frontdesk.drafts.U')).toBeUndefined();
});

it('a note that the server does not have yet gets there although the answer beside it is sent', async () => {
  vi.useFakeTimers();
  drafts.write('T', { text: 'Yes.', note: 'ask Kim' });
  drafts.clear('T');
  expect(drafts.of('T')).toEqual({ text: '', attachments: [], note: 'ask Kim' });
  await vi.advanceTimersByTimeAsync(700);
  expect(puts).toMatchObject([{ text: '', note: 'ask Kim' }]);
});

it('shows no answer as a draft that is on its way or was sent', async () => {
  server = { version: 90, text: 'Yes.' };
  drafts.hold('k', { ticketId: 'T', version: 90, text: 'Yes.', attachments: [] });
  await drafts.load('T');
  expect(drafts.of('T').text).toBe('');
  drafts.release('k', true);
  await drafts.load('T');
  expect(drafts.of('T').text, 'asked before it was accepted').toBe('');
  server = { version: 91, text: 'One more thing' };
  await drafts.load('T');
  expect(drafts.of('T').text).toBe('One more thing');
});

it('an answer that is taken back joins what is typed meanwhile', async () => {
  drafts.write('T', { text: 'and' });
  const undo = () => {
    drafts.write('T', { text: 'and more' });
    server = { version: server.version + 1, text: 'Yes.\nand' };
    return Promise.resolve({ ...shown(), mail: null });
  };
  await drafts.takeBack('T', undo);
  expect(drafts.of('T').text).toBe('Yes.\nand more');
  await drafts.flush('T');
  expect([server.text, drafts.replaced.size]).toEqual(['Yes.\nand more', 0]);
});

it('says why the server does not keep a draft', async () => {
  refusal = { code: 'invalid', detail: 'an answer may have at most 10 files' };
  drafts.write('T', { text: 'eleven' });
  await drafts.flush('T');
  expect(drafts.refused.get('T')).toBe('An answer may have at most 10 files.');
  refusal = null;
  drafts.write('T', { text: 'ten' });
  await drafts.flush('T');
  expect(drafts.refused.size).toBe(0);
});

it('puts an answer in front once, whatever was typed since', () => {
  const of = (text: string) => ({ text, attachments: [] });
  expect(rejoined(of('Yes.\nand'), of('and'), of('and more')).text).toBe('Yes.\nand more');
  expect(rejoined(of('Yes.'), of(''), of('more')).text).toBe('Yes.\nmore');
  expect(rejoined(of('Yes.\nand'), of('another'), of('another one')).text, 'never fewer words').toBe('Yes.\nand\nanother one');
});
