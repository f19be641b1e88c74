import { dates, t } from './language.svelte';

/** Times at the other end. Zones are IANA names; `now` is an argument, so that tests can turn it. */

const format = (name: string, zone: string, options: Intl.DateTimeFormatOptions) => dates(`${name} ${zone}`, { ...options, timeZone: zone });

export const timeIn = (zone: string, moment: Date) =>
  format('time', zone, { hour: 'numeric', minute: '2-digit' }).format(moment);

/** `America/Argentina/Buenos_Aires` is Buenos Aires. */
export const placeOfZone = (zone: string) => (zone.split('/').pop() ?? zone).replaceAll('_', ' ');

/** For a moment ahead, on the calendar of that zone: "today 15:10", "tomorrow 08:00", "Mon 08:00", "3 Mar 08:00". */
export function aheadIn(zone: string, iso: string, now = new Date()): string {
  const moment = new Date(iso);
  const days = Math.round((dayNumber(zone, moment) - dayNumber(zone, now)) / 86_400_000);
  const time = timeIn(zone, moment);
  if (days === 0) return t('today {time}', { time });
  if (days === 1) return t('tomorrow {time}', { time });
  const day = days > 1 && days < 7 ? format('weekday', zone, { weekday: 'short' }) : format('day', zone, { day: 'numeric', month: 'short' });
  return t('{day} {time}', { day: day.format(moment), time });
}

/** What a clock in that zone shows, as a `datetime-local` field takes it. */
export function wallIn(zone: string, moment: Date): string {
  const parts = wall(zone).formatToParts(moment);
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.find((part) => part.type === type)?.value ?? '';
  return `${of('year')}-${of('month')}-${of('day')}T${of('hour')}:${of('minute')}`;
}

const walls = new Map<string, Intl.DateTimeFormat>();

function wall(zone: string): Intl.DateTimeFormat {
  const options: Intl.DateTimeFormatOptions = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  const format = walls.get(zone) ?? new Intl.DateTimeFormat('en-CA', { ...options, timeZone: zone });
  walls.set(zone, format);
  return format;
}

/** The moment a clock in that zone shows this. In the hour that a change of clocks skips, the hour after it. */
export function momentIn(zone: string, wall: string): Date {
  const wanted = Date.parse(`${wall}Z`);
  const offset = (at: number) => Date.parse(`${wallIn(zone, new Date(at))}Z`) - at;
  const first = wanted - offset(wanted);
  const second = wanted - offset(first);
  return new Date(wallIn(zone, new Date(second)) === wall ? second : Math.max(first, second));
}

function dayNumber(zone: string, moment: Date): number {
  return Date.parse(`${wallIn(zone, moment).slice(0, 10)}T00:00Z`);
}
