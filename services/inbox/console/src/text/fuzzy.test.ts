import { expect, it } from 'vitest';
import { ranked, score } from './fuzzy';

const best = (typed: string, names: string[]) => ranked(typed, names, (name) => name)[0];

it('finds by the first letters of words, by parts, and whatever the case and accents', () => {
  const names = ['Go to All tickets', 'Close the ticket, or open it again', 'Assign to Zoë Müller', 'Assign to me', 'Settings: Quick responses'];
  expect(best('cl', names)).toBe('Close the ticket, or open it again');
  expect(best('at', names)).toMatch(/^(Go to All tickets|Assign to)/);
  expect(best('zoe mul', names)).toBe('Assign to Zoë Müller');
  expect(best('quick', names)).toBe('Settings: Quick responses');
  expect(best('atm', names)).toMatch(/^Assign to/);
});

it('needs every letter', () => {
  expect(score('xyz', 'Assign to me')).toBeNull();
  expect(ranked('', ['b', 'a'], (name) => name)).toEqual(['b', 'a']);
});

it('a whole word is better than letters here and there', () => {
  expect(best('tag', ['Go to All, again', 'Tags'])).toBe('Tags');
});
