import { expect, it, vi } from 'vitest';
import type { LiveEvent } from './live.svelte';
import { newsFor } from './notify.svelte';

vi.stubGlobal('location', { hash: '' });

const ticket = (assignee: string | null, blocked = false) => ({
  id: 'T', number: 7, channel: 'sms', subject: null, assignee: assignee && { id: assignee, name: assignee }, profile: { id: 'P', name: 'Anna', address: '+1', blocked },
});
const wrote = (direction: string, assignee: string | null, blocked = false) =>
  ({ kind: 'message', ticket: ticket(assignee, blocked), message: { id: 'm', direction, text: 'Hello' } }) as unknown as LiveEvent;
const noted = (author: string, mentions: string[]) =>
  ({ kind: 'note', number: 7, note: { id: 'n', ticket_id: 'T', author: { id: author, name: 'Maya' }, mentions, text: '@Kim look' } }) as unknown as LiveEvent;

it('tells of customers in one’s own tickets and in those that nobody has', () => {
  expect(newsFor(wrote('in', 'me'), 'me')).toEqual({ ticketId: 'T', title: 'Anna · #7', text: 'Hello' });
  expect(newsFor(wrote('in', null), 'me')).not.toBeNull();
  expect(newsFor(wrote('in', 'maya'), 'me')).toBeNull();
  expect(newsFor(wrote('out', 'me'), 'me')).toBeNull();
  expect(newsFor(wrote('in', null, true), 'me')).toBeNull();
});

it('tells of notes that mean one, and not of one’s own', () => {
  expect(newsFor(noted('maya', ['me']), 'me')?.title).toBe('Maya mentioned you in #7');
  expect(newsFor(noted('maya', ['other']), 'me')).toBeNull();
  expect(newsFor(noted('me', ['me']), 'me')).toBeNull();
});
