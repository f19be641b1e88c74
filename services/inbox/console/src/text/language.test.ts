import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { browserLanguage, dates, listed, refused, t, tn, within, words, worded } from './language.svelte';

let stored: Map<string, string>;
let root: { lang: string };

beforeEach(() => {
  stored = new Map();
  root = { lang: 'en' };
  vi.stubGlobal('document', { documentElement: root });
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  });
});

afterEach(async () => {
  await words.follow('en');
  vi.unstubAllGlobals();
});

it('is English without a catalogue', () => {
  expect(t('Send and close')).toBe('Send and close');
  expect(t('{name} wrote {n} times', { name: 'Ana', n: 1234 })).toBe('Ana wrote 1,234 times');
  expect([tn(1, '1 ticket', '{n} tickets'), tn(0, '1 ticket', '{n} tickets'), tn(1500, '1 ticket', '{n} tickets')]).toEqual(['1 ticket', '0 tickets', '1,500 tickets']);
});

it('leaves places without a value for what fills them later', () => {
  expect(t('Press {key} in {place}', { place: 'here' })).toBe('Press {key} in here');
});

it('speaks another language once its words are there, and says so to the browser', async () => {
  const titles = worded({ open: 'Open' });
  await words.follow('de');
  expect([words.current, root.lang]).toEqual(['de', 'de']);
  expect([t('Send and close'), titles.open]).toEqual(['Senden und schließen', 'Offen']);
  expect([tn(1, '1 ticket', '{n} tickets'), tn(1500, '1 ticket', '{n} tickets')]).toEqual(['1 Ticket', '1.500 Tickets']);
  expect(t('No catalogue has this')).toBe('No catalogue has this');
  expect([refused('forbidden', 'managers only'), refused('odd_new_code', 'Odd.')]).toEqual(['Ihre Rolle erlaubt das nicht.', 'Odd.']);
  expect(listed(['Anna', 'Ben', 'Cleo'])).toBe('Anna, Ben und Cleo');
  expect(dates('test', { month: 'long', timeZone: 'UTC' }).format(new Date('2026-03-01T12:00:00Z'))).toBe('März');
  expect([within('Tags')]).toEqual(['Tags']);
});

it('counts as the language does: none is one in French', async () => {
  await words.follow('fr');
  expect([tn(0, '1 ticket', '{n} tickets'), tn(2, '1 ticket', '{n} tickets')]).toEqual(['0 ticket', '2 tickets']);
});

it('the last wish wins, however long its words take', async () => {
  await Promise.all([words.follow('es'), words.follow('it'), words.follow('en')]);
  expect(words.current).toBe('en');
});

it('is remembered in this browser until somebody else begins', async () => {
  await words.follow('pt');
  expect(stored.get('frontdesk.language')).toBe('pt');
  await words.begin();
  expect(words.current).toBe('pt');
  await words.follow('browser');
  expect(stored.size).toBe(0);
});

it('takes the first language of the browser that it knows', () => {
  expect(browserLanguage(['ja-JP', 'fr-CA', 'en'])).toBe('fr');
  expect(browserLanguage(['pt-PT'])).toBe('pt');
  expect(browserLanguage(['ja'])).toBe('en');
  expect(browserLanguage([])).toBe('en');
});
