import { expect, it } from 'vitest';
import type { Appointment, Message } from '../api/shapes';
import { elsewhere, heading, outdated, repetition, span } from './appointment';

const at = (local: string, moment: string | null, zone: string | null = 'Europe/Berlin') => ({ local, zone, at: moment });
const one = (patch: Partial<Appointment>): Appointment => ({
  kind: 'request', uid: '1', sequence: 0, only: null, title: 'Lunch', starts: null, ends: null, place: null, organizer: null, guests: [],
  more_guests: 0, repeats: null, comment: null, attachment_id: 'a', ...patch,
});
const mail = (id: string, sentAt: string, ...appointments: Appointment[]) =>
  ({ id, sent_at: sentAt, mail: { appointments } }) as unknown as Message;

it('says what a calendar file is for', () => {
  const anna = { address: 'anna@b.example', name: 'Anna', optional: false };
  expect(heading(one({})).text).toBe('Invitation');
  expect(heading(one({ sequence: 2 })).text).toBe('Invitation, changed');
  expect(heading(one({ kind: 'reply', guests: [{ ...anna, attendance: 'declined' }] }))).toEqual({ text: 'Anna does not come', tone: 'bad' });
  expect(heading(one({ kind: 'reply' })).text).toBe('Answer to an invitation');
  expect(heading(one({ kind: 'counter', guests: [{ ...anna, name: null, attendance: 'unknown' }] })).text).toBe('anna@b.example proposes this instead');
});

it('tells times here, and there where that is another', () => {
  const [starts, ends] = [at('2026-12-01T10:00', '2026-12-01T09:00:00Z'), at('2026-12-01T10:30', '2026-12-01T09:30:00Z')];
  expect(span(starts, ends, 'America/New_York')).toContain('4:00');
  expect(elsewhere(starts, ends, 'America/New_York')).toMatch(/10:00.*10:30.* in Berlin$/);
  expect(elsewhere(starts, ends, 'Europe/Paris')).toBeNull();
  const day = at('2026-12-01', null, null);
  expect(span(day, null)).toMatch(/Dec.*2026/);
  expect(elsewhere(day, null)).toBe('All day');
  expect(span(day, at('2026-12-03', null, null))).toMatch(/1.*3/);
  const odd = at('2026-12-01T10:00', null, 'Somewhere');
  expect(span(odd, null)).toContain('10:00');
  expect(elsewhere(odd, null)).toContain('Somewhere');
});

it('tells how an event repeats', () => {
  const base = { every: 'week', interval: 1, days: [], until: null, times: null, more: false } as const;
  expect(repetition({ ...base, days: [] })).toBe('Every week');
  expect(repetition({ ...base, interval: 2, days: ['mon', 'wed'] })).toBe('Every 2 weeks on Mon, Wed');
  expect(repetition({ ...base, every: 'month', days: [], more: true, times: 3 })).toBe('Every month, by a rule of its own, 3 times');
  expect(repetition({ ...base, days: [], until: '2026-12-31' })).toMatch(/^Every week, until .*31.*2026$/);
});

it('knows that a later mail says something else', () => {
  const first = mail('a', '2026-12-01T09:00:00Z', one({}));
  const invitation = one({});
  const changed = mail('b', '2026-12-01T10:00:00Z', one({ sequence: 1 }));
  const cancel = mail('c', '2026-12-01T11:00:00Z', one({ kind: 'cancel', sequence: 1 }));
  expect(outdated(invitation, first, [first])).toBeNull();
  expect(outdated(invitation, first, [first, changed])).toBe('changed');
  expect(outdated(invitation, first, [first, changed, cancel])).toBe('cancelled');
  expect(outdated(one({ sequence: 1 }), changed, [first, changed])).toBeNull();
  const onlyOne = mail('d', '2026-12-01T11:00:00Z', one({ kind: 'cancel', only: at('2026-12-08T10:00', null) }));
  expect(outdated(invitation, first, [first, onlyOne]), 'one time of many').toBeNull();
});
