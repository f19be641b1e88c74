import { expect, it } from 'vitest';
import { fieldValue, snoozeChoices } from './snooze';

it('offers three hours, tomorrow at eight and a week', () => {
  const now = new Date(2026, 11, 31, 22, 15);
  expect(snoozeChoices(now).map((choice) => fieldValue(choice.until))).toEqual([
    '2027-01-01T01:15',
    '2027-01-01T08:00',
    '2027-01-07T08:00',
  ]);
});
