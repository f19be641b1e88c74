import { afterEach, expect, it, vi } from 'vitest';
import type { Note, Ticket } from '../api/shapes';
import { thread } from './thread.svelte';
import { tickets } from './tickets.svelte';

/** A fetch and the live stream tell of the same at the same time. */

const ticket = (id: string, over: Partial<Ticket> = {}) =>
  ({
    id,
    version: 1,
    status: 'open',
    channel: 'sms',
    inbox: 'sms',
    assignee: null,
    unread: false,
    tags: [],
    profile: { id: 'p', name: null, address: '+1', blocked: false },
    attribution: null,
    waiting_since: null,
    created_at: '2026-01-01T12:00:00.000Z',
    updated_at: '2026-01-01T12:00:00.000Z',
    last_message_at: '2026-01-01T12:00:00.000Z',
    ...over,
  }) as Ticket;

/** Answers as they were read before what the stream tells meanwhile. */
function slow(answers: Record<string, unknown>): () => void {
  let go = () => {};
  const gone = new Promise<void>((resolve) => (go = resolve));
  vi.stubGlobal('fetch', async (url: string) => {
    const path = new URL(url, 'http://desk.example').pathname;
    await gone;
    return new Response(JSON.stringify(answers[path] ?? { data: [], next_cursor: null }));
  });
  return go;
}

afterEach(() => vi.unstubAllGlobals());

it('what the stream tells while a list is fetched is in the list', async () => {
  const go = slow({ '/api/v1/tickets': { data: [ticket('a'), ticket('b')], next_cursor: null } });
  const shown = tickets.show('all', '');
  tickets.hear({ kind: 'ticket', ticket: ticket('new') });
  tickets.hear({ kind: 'ticket', ticket: ticket('a', { version: 2, unread: true }) });
  go();
  await shown;
  expect(tickets.rows.map((row) => row.id).toSorted()).toEqual(['a', 'b', 'new']);
  expect(tickets.find('a')?.unread).toBe(true);
});

it('a note that comes while the thread is fetched stays', async () => {
  const note = { id: 'n', ticket_id: 'a', text: 'call back', author: { id: 'u', name: 'Kim' }, mentions: [] } as unknown as Note;
  const go = slow({ '/api/v1/tickets/a': ticket('a') });
  const opened = thread.open('a');
  thread.hear({ kind: 'note', note, number: 1 });
  go();
  await opened;
  expect(thread.notes.map((one) => one.id)).toEqual(['n']);
});
