import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { drafts } from './drafts.svelte';
import { type Guard, outbox, type Sending } from './outbox.svelte';
import { thread } from './thread.svelte';

/** D6: the server says it is quiet hours there; nothing typed is lost, and every choice is one click. */

const ticket = { id: 'T', channel: 'sms', version: 7, unread: false, profile: { id: 'P' }, inbox: '+1555' };
const quiet = { code: 'quiet_hours', detail: 'it is night there', send_at: '2026-01-02T13:00:00Z', local_time: '21:14', time_zone: 'America/New_York' };
let replies: { status: number; body: object }[];
let sent: Record<string, unknown>[];
let keys: (string | undefined)[];
let kept: { version: number; text: string };

beforeEach(async () => {
  kept = { version: 0, text: '' };
  replies = [];
  sent = [];
  keys = [];
  vi.stubGlobal('document', { visibilityState: 'visible' });
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    if (init.method === 'POST' && url.endsWith('/tickets/T/messages')) {
      sent.push(JSON.parse(String(init.body)) as Record<string, unknown>);
      keys.push((init.headers as Record<string, string>)['idempotency-key']);
      const { status, body } = replies.shift() ?? { status: 500, body: {} };
      return Promise.resolve(new Response(JSON.stringify(body), { status }));
    }
    if (url.endsWith('/draft')) {
      return Promise.resolve(new Response(JSON.stringify({ ticket_id: 'T', attachments: [], mail: null, note: '', updated_at: '', ...kept })));
    }
    return Promise.resolve(new Response(JSON.stringify(url.includes('/messages') ? { data: [], next_cursor: null } : ticket)));
  });
  await thread.open('T');
});

afterEach(() => {
  drafts.end();
  outbox.all = [];
  outbox.guard = null;
  thread.close();
  vi.unstubAllGlobals();
});

async function sendInTheNight() {
  replies.push({ status: 409, body: quiet });
  outbox.send('Good night', []);
  await vi.waitFor(() => expect(outbox.guard).not.toBeNull());
  return outbox.guard as Guard;
}

it('asks, with what the server said', async () => {
  expect(await sendInTheNight()).toMatchObject({ kind: 'quiet', sendAt: quiet.send_at, localTime: '21:14', timeZone: 'America/New_York' });
  expect(outbox.all).toEqual([]);
});

it('keeps what was typed, in front of what was typed since', async () => {
  const { mine } = await sendInTheNight();
  drafts.write('T', { text: 'and more' });
  outbox.takeBack(mine);
  expect(outbox.guard).toBeNull();
  expect(drafts.of('T').text).toBe('Good night\nand more');
});

it('sends later, or now with an override, under a key of its own', async () => {
  const guard = await sendInTheNight();
  replies.push({ status: 201, body: { id: 'm', ticket_id: 'T', seq: 1, sent_at: '2026-01-01T00:00:00Z', status: 'queued', error: null } });
  outbox.sendAnyway(guard, { override: true });
  await vi.waitFor(() => expect(thread.messages).toHaveLength(1));
  expect(sent[1]).toMatchObject({ text: 'Good night', quiet_hours_override: true, seen_version: 7 });
  expect(sent[1]).not.toHaveProperty('send_at');
  expect(keys[0]).not.toBe(keys[1]);
});

it('leaving the ticket keeps the text as its draft', async () => {
  await sendInTheNight();
  outbox.settle(null);
  expect(outbox.guard).toBeNull();
  expect(drafts.of('T').text).toBe('Good night');
});

it('a time chosen at once is sent along', async () => {
  replies.push({ status: 201, body: { id: 'm', ticket_id: 'T', seq: 1, sent_at: '2026-01-01T00:00:00Z', status: 'queued', error: null } });
  outbox.send('Good morning', [], { sendAt: '2026-01-02T13:00:00Z' });
  await vi.waitFor(() => expect(thread.messages).toHaveLength(1));
  expect(sent[0]).toMatchObject({ send_at: '2026-01-02T13:00:00Z' });
});

it('words that are asked about, or did not go out, stand in one place only', async () => {
  kept = { version: 40, text: 'Good night' };
  await drafts.load('T');
  const guard = await sendInTheNight();
  await drafts.load('T');
  expect(drafts.of('T').text, 'while it is asked').toBe('');
  outbox.sendAnyway(guard, { override: true });
  await vi.waitFor(() => expect(outbox.all[0]?.state).toBe('failed'));
  expect(sent[1]).toMatchObject({ draft_version: 40 });
  await drafts.load('T');
  expect(drafts.of('T').text, 'while it can be tried again').toBe('');
  outbox.takeBack(outbox.all[0] as Sending);
  await drafts.load('T');
  expect([drafts.of('T').text, outbox.all]).toEqual(['Good night', []]);
});
