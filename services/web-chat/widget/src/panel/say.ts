// Words, times and sizes in the visitor's language. The panel is drawn anew as a whole when that changes.

import { ENGLISH, fill, type Language, type Words } from './words';

export let words: Words = ENGLISH.words;
let tag = '';
let formats = formatsOf(undefined);

export function use(language: Language): void {
  if (language.words === words && language.tag === tag) return;
  words = language.words;
  tag = language.tag;
  formats = formatsOf(language.tag);
  document.documentElement.lang = language.tag;
  document.documentElement.dir = language.rtl ? 'rtl' : 'ltr';
}

export const say = (text: string, values: Record<string, string | number>): string => fill(text, values);

function formatsOf(locale: string | undefined) {
  const date = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options);
  return {
    clock: date({ hour: 'numeric', minute: '2-digit' }),
    thisYear: date({ weekday: 'long', day: 'numeric', month: 'long' }),
    otherYear: date({ day: 'numeric', month: 'long', year: 'numeric' }),
    soon: date({ weekday: 'long', hour: 'numeric', minute: '2-digit' }),
    near: new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }),
    unit: (unit: string) => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 }),
  };
}

export const time = (at: number): string => formats.clock.format(at);

export function day(at: number, now: number): string {
  const days = Math.round((midnight(now) - midnight(at)) / 86_400_000);
  if (days === 0 || days === 1) return formats.near.format(-days, 'day');
  return (new Date(at).getFullYear() === new Date(now).getFullYear() ? formats.thisYear : formats.otherYear).format(at);
}

export const backAt = (at: string): string => say(words.backAt, { when: formats.soon.format(Date.parse(at)) });

export function size(bytes: number): string {
  if (bytes < 1024) return formats.unit('byte').format(bytes);
  const [value, unit] = bytes < 1024 ** 2 ? [bytes / 1024, 'kilobyte'] : [bytes / 1024 ** 2, 'megabyte'];
  return formats.unit(unit).format(value < 10 ? value : Math.round(value));
}

function midnight(at: number): number {
  const date = new Date(at);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
