// The panel's languages. English is at hand; another one is fetched when a visitor reads it.

import { words as english, type Words } from './en';

export type { Words };

export interface Language {
  /** BCP 47, as dates and numbers are written. */
  tag: string;
  rtl: boolean;
  words: Words;
}

const others: Record<string, () => Promise<{ words: Words }>> = {
  ar: () => import('./ar'),
  de: () => import('./de'),
  es: () => import('./es'),
  fr: () => import('./fr'),
  it: () => import('./it'),
  ja: () => import('./ja'),
  nl: () => import('./nl'),
  pl: () => import('./pl'),
  pt: () => import('./pt'),
};

export const LANGUAGES = ['en', ...Object.keys(others)];
const RTL = ['ar'];

export const ENGLISH: Language = { tag: 'en', rtl: false, words: english };

/**
 * Of the languages somebody reads, the first that the panel speaks and the organisation offers; the organisation's first
 * one where there is none. `offered` empty: all.
 */
export function pick(wanted: readonly string[], offered: readonly string[] = []): string {
  const spoken = (tag: string) => LANGUAGES.includes(base(tag));
  const may = offered.filter(spoken);
  const found = wanted.find((tag) => spoken(tag) && (may.length === 0 || may.some((one) => base(one) === base(tag))));
  return found ?? may[0] ?? 'en';
}

/** English where it cannot be fetched. */
export async function speak(tag: string): Promise<Language> {
  const fetched = await others[base(tag)]?.().catch(() => null);
  return fetched ? { tag, rtl: RTL.includes(base(tag)), words: fetched.words } : { ...ENGLISH, tag: base(tag) === 'en' ? tag : 'en' };
}

/** With `{name}`s filled in. */
export const fill = (text: string, values: Record<string, string | number>): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => `${values[name] ?? whole}`);

const base = (tag: string): string => tag.toLowerCase().split('-', 1)[0] ?? '';
