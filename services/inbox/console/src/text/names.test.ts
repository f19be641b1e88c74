import { expect, it } from 'vitest';
import { fileSize, initials, phone } from './names';

it.each([
  ['Anna Kowalska', 'AK'],
  ['jörg.müller@example.com', 'JM'],
  ['李小龙', '李'],
  ['👩‍🚀 Ada', '👩‍🚀A'],
  ['+1 555 010 7788', ''],
])('%s becomes %s', (name, letters) => {
  expect(initials(name)).toBe(letters);
});

it('breaks an American number, and no other', () => {
  expect(phone('+15550107788')).toBe('+1 555 010 7788');
  expect(phone('+4915112345678')).toBe('+4915112345678');
});

it('writes sizes in the unit that fits', () => {
  expect([fileSize(900), fileSize(2048), fileSize(25 * 1024 * 1024)]).toEqual(['900 B', '2.0 KB', '25 MB']);
});
