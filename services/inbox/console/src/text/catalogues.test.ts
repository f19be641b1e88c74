import { expect, it } from 'vitest';
import { type Catalogue, languages } from './language.svelte';
import { type Read, read } from './reading';

/** What is on the screen is in every language, and nothing else is in the catalogues. */

const sources = import.meta.glob<string>(
  ['../**/*.svelte', '../**/*.ts', '!../**/*.test.ts', '!../**/*.d.ts', '!./reading.ts', '!./language.svelte.ts'],
  { query: '?raw', import: 'default', eager: true },
);
const catalogues = import.meta.glob<Catalogue>('./catalogues/*.json', { import: 'default', eager: true });
const codes = Object.keys(languages).filter((code) => code !== 'en');
const catalogueOf = (code: string) => catalogues[`./catalogues/${code}.json`] ?? {};

const asked: Read = { texts: new Set(), plurals: new Map(), bare: [] };
for (const [path, source] of Object.entries(sources)) read(path.replace('../', ''), source, asked);

/** What the server refuses has words by its code; English has the server's own. */
const isProblem = (text: string) => text.startsWith('problem ');
const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

it('finds the texts of the console', () => {
  expect(Object.keys(sources).length).toBeGreaterThan(150);
  expect(asked.texts.size).toBeGreaterThan(1000);
  expect(asked.texts).toContain('Send and close');
  expect(asked.plurals.get('{n} tickets')).toBe('1 ticket');
});

it('shows no words that a catalogue cannot change', () => expect(asked.bare).toEqual([]));

it('sees bare words wherever they may stand', () => {
  const found = (source: string, path = 'x.svelte') => {
    const into: Read = { texts: new Set(), plurals: new Map(), bare: [] };
    read(path, source, into);
    return into.bare.length;
  };
  const bare = [
    '<p>Hello</p>',
    '<p>{name} wrote</p>',
    "<p>{on ? t('On') : 'Off'}</p>",
    '<p>{`${count} tickets`}</p>',
    '<input placeholder="Your name" />',
    "<button aria-label={busy ? 'Wait' : t('Go')}></button>",
    "<Rail name=\"Settings\" />",
    "<p>{t('{name} left', { name: name ?? 'Somebody' })}</p>",
    "<p>{t(`made ${up}`)}</p>",
    "{#if a}<b>yes</b>{/if}",
  ];
  for (const source of bare) expect(found(source), source).toBe(1);
  expect(found("toasts.say('Saved');", 'x.ts')).toBe(1);
  expect(found("const one = { label: 'Undo' };", 'x.ts')).toBe(1);
  const fine = ["<p>{t('Hello')}</p>", '<kbd>Ctrl</kbd>', '<p class="hint">{name} · {kind === \'sms\' ? 1 : 2}</p>', '<Icon name="close" />', '<input type="email" name="email" />'];
  for (const source of fine) expect(found(source), source).toBe(0);
});

it('has a catalogue for every language, and for no other', () => {
  expect(Object.keys(catalogues).sort()).toEqual(codes.map((code) => `./catalogues/${code}.json`).sort());
});

it.each(codes)('%s says everything, and nothing that is not asked for', (code) => {
  const wanted = [...asked.texts, ...asked.plurals.keys()].sort();
  expect(Object.keys(catalogueOf(code)).filter((text) => !isProblem(text)).sort()).toEqual(wanted);
});

it.each(codes)('%s keeps every value', (code) => {
  const catalogue = catalogueOf(code);
  for (const text of asked.texts) {
    const words = catalogue[text];
    expect(typeof words, text).toBe('string');
    expect(placeholders(String(words)), text).toEqual(placeholders(text));
    expect(String(words).trim(), text).not.toBe('');
  }
  for (const [other, one] of asked.plurals) {
    const forms = catalogue[other];
    expect(Array.isArray(forms) && forms.length, other).toBe(2);
    const known = [...placeholders(one), ...placeholders(other)];
    for (const form of forms as readonly string[]) {
      for (const value of placeholders(form)) expect(known, form).toContain(value);
      for (const value of placeholders(one)) expect(placeholders(form), form).toContain(value);
    }
    expect(placeholders((forms as readonly string[])[1] ?? ''), other).toEqual(placeholders(other));
  }
});

it('every language knows the same refusals of the server', () => {
  const problems = (code: string) => Object.keys(catalogueOf(code)).filter(isProblem).sort();
  expect(problems('de').length).toBeGreaterThan(20);
  for (const code of codes) expect(problems(code), code).toEqual(problems('de'));
});
