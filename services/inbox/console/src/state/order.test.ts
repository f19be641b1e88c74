import { expect, it } from 'vitest';
import type { Ticket } from '../api/shapes';
import { belongs, byNewest, noFilters, queryOf } from './order';

const ticket = (over: Partial<Ticket>) =>
  ({ id: 'a', status: 'open', channel: 'sms', assignee: null, unread: true, last_message_at: '2026-01-01T00:00:00Z', ...over }) as Ticket;
const mia = { id: 'mia', name: 'Mia' };

it('E3: my inbox is open and mine, unassigned is open and nobody’s, all is everything', () => {
  const cases: [Partial<Ticket>, boolean, boolean, boolean][] = [
    [{}, false, true, true],
    [{ assignee: mia }, true, false, true],
    [{ assignee: { id: 'tom', name: 'Tom' } }, false, false, true],
    [{ assignee: mia, status: 'closed' }, false, false, true],
    [{ status: 'snoozed' }, false, false, true],
  ];
  for (const [over, mine, unassigned, all] of cases) {
    const seen = (['mine', 'unassigned', 'all'] as const).map((view) => belongs(ticket(over), view, noFilters, 'mia'));
    expect(seen).toEqual([mine, unassigned, all]);
  }
});

it('E5: filters narrow every view', () => {
  expect(belongs(ticket({}), 'all', { ...noFilters, channel: 'email' }, 'mia')).toBe(false);
  expect(belongs(ticket({ unread: false }), 'all', { ...noFilters, unread: true }, 'mia')).toBe(false);
  expect(belongs(ticket({ status: 'closed' }), 'all', { ...noFilters, status: 'closed' }, 'mia')).toBe(true);
});

it('asks the server for the same set', () => {
  expect(queryOf('mine', { ...noFilters, status: 'closed' })).toMatchObject({ status: 'open', assignee: 'me' });
  expect(queryOf('all', { ...noFilters, q: '  refund ' })).toMatchObject({ q: 'refund', status: undefined });
});

it('puts the newest message first', () => {
  const old = ticket({ id: 'old' });
  const fresh = ticket({ id: 'fresh', last_message_at: '2026-01-02T00:00:00Z' });
  expect([old, fresh].sort(byNewest).map((t) => t.id)).toEqual(['fresh', 'old']);
});
