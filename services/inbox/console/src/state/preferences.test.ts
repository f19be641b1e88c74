import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { preferences } from './preferences.svelte';

/** Preferences hold from the first key on. */

const usual = { keys: {}, single_keys: true, density: 'comfortable', notify: false, sound: false, language: 'en', signature: 'Maya' };
let stored: Map<string, string>;
let answers: ((all: object) => void)[];

const settled = () => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  stored = new Map();
  answers = [];
  vi.stubGlobal('document', { documentElement: { dataset: {}, lang: '' } });
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  });
  vi.stubGlobal('fetch', () => new Promise<Response>((resolve) => answers.push((all) => resolve(new Response(JSON.stringify(all))))));
});

afterEach(() => {
  preferences.end();
  vi.unstubAllGlobals();
});

it('a device remembers them by person, without the signature', async () => {
  preferences.begin('maya');
  const loaded = preferences.load();
  answers[0]?.({ ...usual, keys: { search: 'q' } });
  await loaded;
  expect(preferences.all.signature).toBe('Maya');
  expect([...stored.values()].join()).not.toContain('Maya');

  preferences.begin('omar');
  expect(preferences.known).toBe(false);
  expect(preferences.keyOf({ id: 'search', key: '/' })).toBe('/');

  preferences.begin('maya');
  expect(preferences.known).toBe(true);
  expect(preferences.keyOf({ id: 'search', key: '/' })).toBe('q');
});

it('what was pressed before they are known waits for them, and is not the next one’s', async () => {
  const pressed: string[] = [];
  preferences.begin('maya');
  preferences.whenKnown(() => pressed.push('maya'));
  preferences.begin('omar');
  preferences.whenKnown(() => pressed.push(preferences.keyOf({ id: 'search', key: '/' })));
  const loaded = preferences.load();
  expect(pressed).toEqual([]);
  answers[0]?.({ ...usual, keys: { search: 'q' } });
  await loaded;
  expect(pressed).toEqual(['q']);
});

it('an answer older than a change does not take it back', async () => {
  preferences.begin('maya');
  const loaded = preferences.load();
  const changed = preferences.change({ density: 'dense' });
  answers[0]?.(usual);
  await loaded;
  await settled();
  expect(preferences.all.density).toBe('dense');
  answers[1]?.({ ...usual, density: 'dense' });
  expect(await changed).toBe(true);
  expect(preferences.all.density).toBe('dense');
});
