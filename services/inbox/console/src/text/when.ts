/** Times as people read them, in the browser's zone and language. `now` is an argument, so that tests can turn it. */

const DAY = 86_400_000;

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const longWeekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const dayMonth = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const dayMonthYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });
const short = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

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
  if (days === 0) return clock.format(moment);
  if (days === 1) return 'Yesterday';
  if (days > 1 && days < 7) return weekday.format(moment);
  return (moment.getFullYear() === now.getFullYear() ? dayMonth : dayMonthYear).format(moment);
}

/** For a separator between days. */
export function dayName(iso: string, now = new Date()): string {
  const moment = new Date(iso);
  const days = daysAgo(moment, now);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  if (days > 1 && days < 7) return longWeekday.format(moment);
  return (moment.getFullYear() === now.getFullYear() ? dayMonth : dayMonthYear).format(moment);
}

/** For a moment ahead: "today 15:10", "tomorrow 08:00", "Mon 08:00", "3 Mar 08:00". */
export function ahead(iso: string, now = new Date()): string {
  const moment = new Date(iso);
  const days = -daysAgo(moment, now);
  const day = days === 0 ? 'today' : days === 1 ? 'tomorrow' : days > 1 && days < 7 ? weekday.format(moment) : dayMonth.format(moment);
  return `${day} ${clock.format(moment)}`;
}

export const timeOfDay = (iso: string) => clock.format(new Date(iso));
export const full = (iso: string) => whole.format(new Date(iso));
export const dated = (iso: string) => short.format(new Date(iso));

/** How long after one moment another came: "within a minute", "after 4 min", "after 3 h", "after 2 days". */
export function after(from: string, to: string): string {
  const minutes = Math.round((Date.parse(to) - Date.parse(from)) / 60_000);
  if (minutes < 1) return 'within a minute';
  if (minutes < 60) return `after ${minutes} min`;
  const hours = Math.round(minutes / 60);
  if (hours < 48) return `after ${hours} h`;
  return `after ${Math.round(hours / 24)} days`;
}
