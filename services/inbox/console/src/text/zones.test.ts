import { expect, it } from 'vitest';
import { aheadIn, momentIn, placeOfZone, wallIn } from './zones';

const NEW_YORK = 'America/New_York';

it('names a zone by its place', () => {
  expect(placeOfZone('America/Argentina/Buenos_Aires')).toBe('Buenos Aires');
  expect(placeOfZone('UTC')).toBe('UTC');
});

it('counts days on the calendar over there', () => {
  // 02:30 UTC on the 2nd is still the evening of the 1st in New York.
  const now = new Date('2026-06-02T02:30:00Z');
  expect(aheadIn(NEW_YORK, '2026-06-02T12:00:00Z', now)).toMatch(/^tomorrow 8/);
  expect(aheadIn(NEW_YORK, '2026-06-02T03:30:00Z', now)).toMatch(/^today 11/);
});

it.each([
  ['2026-01-15T08:00', '2026-01-15T13:00:00.000Z'],
  ['2026-07-15T08:00', '2026-07-15T12:00:00.000Z'],
  // Clocks go forward at 02:00 on 8 March 2026: there is no 02:30.
  ['2026-03-08T02:30', '2026-03-08T07:30:00.000Z'],
  ['2026-03-08T03:00', '2026-03-08T07:00:00.000Z'],
  // Clocks go back at 02:00 on 1 November 2026.
  ['2026-11-01T03:00', '2026-11-01T08:00:00.000Z'],
])('%s in New York is %s', (wall, instant) => {
  expect(momentIn(NEW_YORK, wall).toISOString()).toBe(instant);
});

it('a wall clock read and set again is the same moment', () => {
  for (const zone of [NEW_YORK, 'Asia/Kolkata', 'Pacific/Auckland', 'UTC']) {
    const moment = new Date('2026-05-20T21:17:00Z');
    expect(momentIn(zone, wallIn(zone, moment))).toEqual(moment);
  }
});
