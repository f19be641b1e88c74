import { dates, t } from './language.svelte';

/** Times as people read them, in the browser's zone and the console's language. `now` is an argument, so that tests can turn it. */

const DAY = 86_400_000;

const shapes = {
  clock: { hour: 'numeric', minute: '2-digit' },
  weekday: { weekday: 'short' },
  longWeekday: { weekday: 'long' },
  dayMonth: { day: 'numeric', month: 'short' },
  dayMonthYear: { day: 'numeric', month: 'short', year: 'numeric' },
  whole: { dateStyle: 'full', timeStyle: 'long' },
  dated: { dateStyle: 'medium', timeStyle: 'short' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

const written = (shape: keyof typeof shapes, moment: Date): string => dates(shape, shapes[shape]).format(moment);
const dayOf = (moment: Date, now: Date): string => written(moment.getFullYear() === now.getFullYear() ? 'dayMonth' : 'dayMonthYear', moment);

/** Midnight that began the day of this moment, local. */
function midnight(moment: Date): number {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
}

/** Calendar days from `moment` to `now`; 0 today, 1 yesterday, negative ahead. Rounding absorbs 23-hour days. */
export function daysAgo(moment: Date, now: Date): number {
  return Math.round((midnight(now) - midnight(moment)) / DAY);
}

/** For a list: time today, weekday this week, else the date. */
export function brief(iso: string, now = new Date()): string {
  const moment = new Date(iso);
  const days = daysAgo(moment, now);
  if (days === 0) return written('clock', moment);
  if (days === 1) return t('Yesterday');
  if (days > 1 && days < 7) return written('weekday', moment);
  return dayOf(moment, now);
}

/** For a separator between days. */
export function dayName(iso: string, now = new Date()): string {
  const moment = new Date(iso);
  const days = daysAgo(moment, now);
  if (days === 0) return t('Today');
  if (days === 1) return t('Yesterday');
  if (days > 1 && days < 7) return written('longWeekday', moment);
  return dayOf(moment, now);
}

/** For a moment ahead: "today 15:10", "tomorrow 08:00", "Mon 08:00", "3 Mar 08:00". */
export function ahead(iso: string, now = new Date()): string {
  const moment = new Date(iso);
  const days = -daysAgo(moment, now);
  const time = written('clock', moment);
  if (days === 0) return t('today {time}', { time });
  if (days === 1) return t('tomorrow {time}', { time });
  return t('{day} {time}', { day: written(days > 1 && days < 7 ? 'weekday' : 'dayMonth', moment), time });
}

export const timeOfDay = (iso: string) => written('clock', new Date(iso));
export const full = (iso: string) => written('whole', new Date(iso));
export const dated = (iso: string) => written('dated', new Date(iso));

/** How long after one moment another came: "within a minute", "after 4 min", "after 3 h", "after 2 days". */
export function after(from: string, to: string): string {
  const minutes = Math.round((Date.parse(to) - Date.parse(from)) / 60_000);
  if (minutes < 1) return t('within a minute');
  if (minutes < 60) return t('after {n} min', { n: minutes });
  const hours = Math.round(minutes / 60);
  if (hours < 48) return t('after {n} h', { n: hours });
  return t('after {n} days', { n: Math.round(hours / 24) });
}
