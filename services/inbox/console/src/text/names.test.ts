import { expect, it } from 'vitest';
import type { Profile } from '../api/shapes';
import { fileSize, initials, phone, profileName, profileWords } from './names';

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

it('calls a profile by its name, else by what it is known by', () => {
  const profile = (name: string | null, ...values: string[]) =>
    ({ name, claimed_email: null, addresses: values.map((value) => ({ kind: value.startsWith('v') ? 'visitor' : 'phone', value, verified: false })) }) as unknown as Profile;
  expect([profileName(profile('Anna', '+15550107788')), profileName(profile(null, 'v1', '+15550107788')), profileName(profile(null, 'v1'))]).toEqual(['Anna', '+1 555 010 7788', 'Visitor']);
  expect([profileWords(profile('Anna', 'v1', '+15550107788')), profileWords(profile('Anna', 'v1'))]).toEqual(['+1 555 010 7788', 'Known by a browser alone']);
});
