import { expect, test } from 'vitest';
import { contrast, rgb, theme } from './colors';
import { message } from './fakes';
import { parts } from './links';
import { blocks, itemOf } from './thread';
import { size } from './say';
import { fill, LANGUAGES, pick, speak } from './words';
import { words as english } from './words/en';

const links = (text: string) => parts(text).filter((part) => part.href).map((part) => part.text);

test('only web addresses become links, without the punctuation around them', () => {
  expect(links('see https://a.example/b, or (http://c.example/d_(e)).')).toEqual(['https://a.example/b', 'http://c.example/d_(e)']);
  for (const odd of ['javascript:alert(1)', 'data:text/html,x', 'https://', 'xhttps://a.example', 'www.a.example']) {
    expect(links(odd), odd).toEqual([]);
  }
});

test('the parts put together are the text, whatever is in it', () => {
  for (const text of ['', 'a', '<b>https://a.example/"onclick=</b>', 'https://a.example https://b.example!', '…http://ä.example…']) {
    expect(parts(text).map((part) => part.text).join('')).toBe(text);
  }
  expect(parts('https://a.example/"onclick="x"')[0]?.href).toBe('https://a.example/');
});

test('whatever colour is chosen, words on it can be read', () => {
  const steps = [0, 0x33, 0x66, 0x80, 0x99, 0xcc, 0xff];
  const read = (color: string | undefined) => (color?.match(/\d+/g) ?? []).map(Number) as [number, number, number];
  const hex = (part: number) => part.toString(16).padStart(2, '0');
  for (const dark of [false, true])
    for (const r of steps)
      for (const g of steps)
        for (const b of steps) {
          const color = `#${hex(r)}${hex(g)}${hex(b)}`;
          const made = theme(color, dark);
          const accent = read(made['--accent']);
          expect(contrast(accent, read(made['--on-accent'])), color).toBeGreaterThanOrEqual(4.4);
          expect(contrast(accent, read(made['--on-accent-soft'])), color).toBeGreaterThanOrEqual(4.4);
          const ground = rgb(dark ? '#17191f' : '#ffffff');
          expect(contrast(ground, read(made['--accent-strong'])), color).toBeGreaterThanOrEqual(4.4);
        }
});

test('messages of one author close together are one block', () => {
  const at = (time: string) => ({ sent_at: `2026-11-21T${time}:00.000Z` });
  const items = [
    message(1, 'a', at('09:00')),
    message(2, 'b', at('09:01')),
    message(3, 'c', at('09:20')),
    message(4, 'd', { ...at('09:21'), author: { kind: 'agent', name: 'Bert' } }),
    message(5, 'e', { ...at('09:21'), author: { kind: 'customer', name: null } }),
  ].map(itemOf);
  expect(blocks(items).map((block) => block.items.map((item) => item.text).join(''))).toEqual(['ab', 'c', 'd', 'e']);
  expect(blocks(items).map((block) => block.newDay)).toEqual([true, false, false, false]);
});

test('sizes are said as people say them', () => {
  expect([999, 48_213, 2_500_000].map(size)).toEqual(['999 byte', '47 kB', '2.4 MB']);
});

test('the language is the first that the visitor reads and the organisation offers', () => {
  const cases: [string[], string[], string][] = [
    [['de-AT', 'en'], [], 'de-AT'],
    [['sv', 'fr'], [], 'fr'],
    [['sv'], [], 'en'],
    [['sv'], ['de', 'en'], 'de'],
    [['ja', 'en'], ['de', 'en'], 'en'],
    [['pt-BR'], ['pt-PT'], 'pt-BR'],
    [['ja'], ['xx'], 'ja'],
    [[], [], 'en'],
  ];
  for (const [wanted, offered, expected] of cases) expect(pick(wanted, offered), `${wanted} of ${offered}`).toBe(expected);
});

test('every language says everything, with the same gaps to fill', async () => {
  const gaps = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();
  expect(LANGUAGES).toHaveLength(10);
  for (const tag of LANGUAGES) {
    const { words, rtl } = await speak(tag);
    expect(rtl, tag).toBe(tag === 'ar');
    for (const [key, text] of Object.entries(english)) {
      const said = words[key as keyof typeof words];
      expect(said, `${tag} ${key}`).toBeTruthy();
      expect(gaps(said), `${tag} ${key}`).toEqual(gaps(text));
    }
  }
  expect((await speak('xx')).words).toBe(english);
  expect(fill('{a} of {b}', { a: 1 })).toBe('1 of {b}');
});
