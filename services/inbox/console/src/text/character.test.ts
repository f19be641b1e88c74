import { expect, it } from 'vitest';
import { named, plainer } from './character';

it.each([
  ['’', { shown: '’', name: 'curly apostrophe' }],
  ['😀', { shown: '😀', name: null }],
  ['ç', { shown: 'ç', name: null }],
  ['\u00a0', { shown: '', name: 'no-break space' }],
  ['\u2003', { shown: '', name: 'U+2003' }],
  ['\u0007', { shown: '', name: 'U+0007' }],
])('%j can be told from others', (character, expected) => expect(named(character)).toEqual(expected));

it('plain characters replace what has a substitute, and nothing else', () => {
  const odd = [
    { character: '’', substitute: "'" },
    { character: '…', substitute: '...' },
    { character: '\u200b', substitute: '' },
    { character: '😀', substitute: null },
  ];
  expect(plainer('It’s here… 😀 isn’t\u200b it, Zoë', odd)).toBe("It's here... 😀 isn't it, Zoë");
});
