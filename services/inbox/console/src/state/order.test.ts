import { expect, it } from 'vitest';
import type { Ticket } from '../api/shapes';
import { belongs, documentOf, type Filters, filtersOf, fromDocument, isFiltered, noFilters, order, queryOf, same, searchOf } from './order';

const ticket = (over: Partial<Ticket>) =>
  ({
    id: 'a',
    status: 'open',
    channel: 'sms',
    assignee: null,
    team: null,
    unread: true,
    tags: [],
    profile: { id: 'p', name: null, address: '+1', blocked: false },
    attribution: null,
    waiting_since: null,
    created_at: '2026-01-01T12:00:00.000Z',
    updated_at: '2026-01-01T12:00:00.000Z',
    last_message_at: '2026-01-01T12:00:00.000Z',
    ...over,
  }) as Ticket;
const mia = { id: 'mia', name: 'Mia' };
const some = (over: Partial<Filters>) => ({ ...noFilters, ...over });

it('E3: my inbox is open and mine, unassigned is open and nobody’s, all is everything', () => {
  const cases: [Partial<Ticket>, boolean, boolean, boolean, boolean][] = [
    [{}, false, true, true, false],
    [{ assignee: mia }, true, false, true, false],
    [{ assignee: { id: 'tom', name: 'Tom' } }, false, false, true, false],
    [{ assignee: mia, status: 'closed' }, false, false, true, false],
    [{ status: 'snoozed' }, false, false, true, true],
  ];
  for (const [over, ...expected] of cases) {
    const seen = (['mine', 'unassigned', 'all', 'snoozed'] as const).map((view) => belongs(ticket(over), view, noFilters, 'mia'));
    expect(seen).toEqual(expected);
  }
  const blocked = ticket({ profile: { id: 'p', name: null, address: '+1', blocked: true } });
  expect([ticket({}), blocked].map((one) => belongs(one, 'blocked', noFilters, 'mia'))).toEqual([false, true]);
});

it.each([
  [{ channel: 'email' }, {}, false],
  [{ channel: 'email,sms' }, {}, true],
  [{ unread: 'true' }, { unread: false }, false],
  [{ unread: 'false' }, { unread: false }, true],
  [{ status: 'closed' }, { status: 'closed' }, true],
  [{ status: 'open,snoozed' }, { status: 'closed' }, false],
  [{ assignee: 'me' }, { assignee: mia }, true],
  [{ assignee: 'tom' }, { assignee: mia }, false],
  [{ assignee: 'none' }, { assignee: mia }, false],
  [{ team: 'returns' }, { team: 'returns' }, true],
  [{ team: 'returns' }, { team: null }, false],
  [{ team: 'none' }, { team: 'returns' }, false],
  [{ team: 'none' }, { team: null }, true],
  [{ tag: 'VIP, late' }, { tags: ['late'] }, true],
  [{ tag: 'vip' }, { tags: ['late'] }, false],
  [{ attribution: 'campaign' }, {}, false],
  [{ profile: 'q' }, {}, false],
  [{ created_from: '2026-01-01' }, {}, true],
  [{ created_from: '2026-01-03' }, {}, false],
  [{ created_to: '2026-01-02' }, {}, true],
  [{ updated_to: '2025-12-30' }, {}, false],
] as [Partial<Filters>, Partial<Ticket>, boolean][])('E5: %j of %j is %s', (filters, over, expected) => {
  expect(belongs(ticket(over), 'all', some(filters), 'mia')).toBe(expected);
});

it('E5: answers to a campaign', () => {
  const spring = { kind: 'campaign', id: 'c-17', name: 'Spring sale', message_id: 'm' } as const;
  const answers = some({ campaign: 'c-17', campaignName: 'Spring sale' });
  expect([null, spring].map((attribution) => belongs(ticket({ attribution }), 'all', answers, 'mia'))).toEqual([false, true]);
  expect(queryOf('all', answers)).toMatchObject({ campaign: 'c-17' });
});

it('asks the server for the same set', () => {
  expect(queryOf('mine', some({ status: 'closed' }))).toMatchObject({ status: 'open', assignee: 'me' });
  expect(queryOf('all', some({ q: '  refund ' }))).toMatchObject({ q: 'refund', status: undefined });
  expect(queryOf('blocked', noFilters)).toMatchObject({ blocked: 'true' });
  expect(documentOf('unassigned', some({ tag: 'vip, late', unread: 'true', sort: 'waiting' }))).toEqual({
    status: ['open'],
    assignee: 'none',
    tag: ['vip', 'late'],
    unread: true,
    sort: 'waiting',
  });
});

it('filters go through the address and through a saved view unchanged', () => {
  const filters = some({ status: 'open', tag: 'late delivery', q: 'a & b="c"', created_from: '2026-03-01', created_to: '2026-03-29', unread: 'false', sort: 'waiting' });
  expect(filtersOf(searchOf(filters))).toEqual(filters);
  expect(same(fromDocument(documentOf('all', filters)), filters)).toBe(true);
  expect(searchOf(noFilters)).toBe('');
  expect([isFiltered(noFilters), isFiltered(some({ sort: 'waiting' })), isFiltered(some({ q: 'x' }))]).toEqual([false, false, true]);
});

it('puts tickets in the order of the server', () => {
  const a = ticket({ id: 'a', waiting_since: '2026-01-01T13:00:00.000Z', created_at: '2026-01-03T00:00:00.000Z' });
  const b = ticket({ id: 'b', last_message_at: '2026-01-02T00:00:00.000Z', created_at: '2026-01-02T00:00:00.000Z' });
  const c = ticket({ id: 'c', last_message_at: '2026-01-03T00:00:00.000Z', waiting_since: '2026-01-01T12:00:00.000Z' });
  const ids = (sort: Filters['sort']) => [a, b, c].sort(order(sort)).map((one) => one.id).join('');
  expect([ids(''), ids('last_message_at'), ids('-created_at'), ids('created_at'), ids('waiting')]).toEqual(['cba', 'abc', 'abc', 'cba', 'cab']);
});
