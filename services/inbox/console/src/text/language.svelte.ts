/**
 * The language of the console's words. The English text is the key: `t('Send and close')` reads as what it says, and English
 * needs no catalogue. The others are loaded when they are first wanted. Whoever shows a text asks anew for it when the
 * language changes.
 */

export const languages = { en: 'English', es: 'Español', pt: 'Português', it: 'Italiano', fr: 'Français', de: 'Deutsch' } as const;

export type Language = keyof typeof languages;
/** As somebody wants it: a language, or the browser's. */
export type Wish = Language | 'browser';
/** By the English text; by the English plural where number counts: one, and more. */
export type Catalogue = Readonly<Record<string, string | readonly [one: string, other: string]>>;
type Values = Readonly<Record<string, string | number | undefined>>;

/** Where a reload finds the wish before the server has said it. */
const KEY = 'frontdesk.language';
const files = import.meta.glob<Catalogue>('./catalogues/*.json', { import: 'default' });
const preferred = (): readonly string[] => globalThis.navigator?.languages ?? [];

/** The first of the browser's languages that the console knows. */
export function browserLanguage(all = preferred()): Language {
  return all.map((tag) => tag.slice(0, 2).toLowerCase()).find((code): code is Language => code in languages) ?? 'en';
}

class Words {
  current = $state<Language>('en');
  #catalogue = $state.raw<Catalogue>({});
  #wanted: Language = 'en';

  /** For dates and numbers: as people write them where the browser is from, if that is this language. */
  locale = $derived(preferred().find((tag) => tag.slice(0, 2).toLowerCase() === this.current) ?? this.current);
  plural = $derived(new Intl.PluralRules(this.locale));
  number = $derived(new Intl.NumberFormat(this.locale));

  /** As it was wanted last in this browser. */
  begin(): Promise<void> {
    return this.follow((kept() as Wish | null) ?? 'browser');
  }

  /** Without its catalogue, as without a line, the words stay as they are. */
  async follow(wish: Wish) {
    const language = wish !== 'browser' && wish in languages ? wish : browserLanguage();
    keep(wish);
    this.#wanted = language;
    const catalogue = language === 'en' ? {} : await files[`./catalogues/${language}.json`]?.().catch(() => null);
    if (!catalogue || language !== this.#wanted) return;
    this.#catalogue = catalogue;
    this.current = language;
    document.documentElement.lang = language;
  }

  find(text: string): Catalogue[string] | undefined {
    return this.#catalogue[text];
  }
}

export const words = new Words();

/** A text in the language of the console; `{name}` stands for a value. */
export function t(text: string, values?: Values): string {
  return filled((words.find(text) as string | undefined) ?? text, values);
}

/** A text with a number in it: `tn(count, '1 ticket', '{n} tickets')`. */
export function tn(n: number, one: string, other: string, values?: Values): string {
  const form = words.plural.select(n) === 'one' ? 0 : 1;
  const text = words.find(other)?.[form] ?? (form ? other : one);
  return filled(text, { n, ...values });
}

/** What the server refused: by its stable code where the catalogue has words for it, else as it said it in English. */
export function refused(code: string, english: string): string {
  return (words.find(`problem ${code}`) as string | undefined) ?? english;
}

/** Texts by what they stand for, each in the language of the moment at which it is read. */
export function worded<K extends string>(texts: Record<K, string>): Readonly<Record<K, string>> {
  const keys = Object.keys(texts) as K[];
  const entries = keys.map((key) => [key, { enumerable: true, get: () => t(texts[key]) }]);
  return Object.defineProperties({}, Object.fromEntries(entries) as PropertyDescriptorMap) as Record<K, string>;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** How dates are written in the language, by a name of its own for every set of options. */
export function dates(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${words.locale} ${name}`;
  const format = formats.get(key) ?? new Intl.DateTimeFormat(words.locale, options);
  formats.set(key, format);
  return format;
}

/** `Anna, Ben and Cleo`. */
export const listed = (all: readonly string[], type: Intl.ListFormatType = 'conjunction'): string =>
  new Intl.ListFormat(words.locale, { type }).format(all);

/** A word of its own, inside a sentence. German keeps its capitals. */
export const within = (word: string): string => (words.current === 'de' ? word : word.toLowerCase());

function filled(text: string, values?: Values): string {
  if (!values) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (typeof value === 'number') return words.number.format(value);
    return value ?? (name in values ? '' : whole);
  });
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function keep(wish: Wish) {
  try {
    if (wish === 'browser') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, wish);
  } catch {
    // Without a store the words are the browser's until the server has said more.
  }
}
