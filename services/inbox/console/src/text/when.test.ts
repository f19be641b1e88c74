import { expect, it } from 'vitest';
import { after, ahead, brief, dayName, daysAgo } from './when';

const now = new Date(2026, 2, 18, 9, 30);
const at = (day: number, hour = 12) => new Date(2026, 2, day, hour).toISOString();

it('counts days by the calendar, not by 24 hours', () => {
  expect(daysAgo(new Date(2026, 2, 17, 23, 59), now)).toBe(1);
  expect(daysAgo(new Date(2026, 2, 18, 0, 1), now)).toBe(0);
});

it('names days the shorter, the nearer they are', () => {
  expect(dayName(at(18), now)).toBe('Today');
  expect(brief(at(17), now)).toBe('Yesterday');
  expect(dayName(at(15), now)).toBe('Sunday');
  expect(brief(new Date(2024, 0, 5).toISOString(), now)).toMatch(/2024/);
});

it('says when a snoozed ticket comes back', () => {
  expect(ahead(at(18, 15), now)).toMatch(/^today /);
  expect(ahead(at(19, 8), now)).toMatch(/^tomorrow /);
});

it('measures a wait in one unit', () => {
  expect(after(at(18, 9), at(18, 12))).toBe('after 3 h');
  expect(after(at(10), at(18))).toBe('after 8 days');
  expect(after(at(18), at(18))).toBe('within a minute');
});
