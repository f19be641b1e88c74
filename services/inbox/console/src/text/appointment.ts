import type { Appointment, AppointmentTime, Message } from '../api/shapes';
import { t, tn, words, worded } from './language.svelte';
import { placeOfZone } from './zones';

/** Words for what a calendar file says. Times are in the browser's zone and language. */

type Guest = Appointment['guests'][number];

const day = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } as const;
const moment = { ...day, hour: 'numeric', minute: '2-digit' } as const;

export const guestName = (guest: Guest) => guest.name ?? guest.address ?? t('Somebody');

/** What it is for; `tone` as marks have it. */
export function heading(one: Appointment): { text: string; tone: '' | 'good' | 'warn' | 'bad' } {
  const [first] = one.guests;
  switch (one.kind) {
    case 'request':
      return { text: one.sequence > 0 ? t('Invitation, changed') : t('Invitation'), tone: '' };
    case 'cancel':
      return { text: t('Called off'), tone: 'bad' };
    case 'reply':
      return first ? answer(first) : { text: t('Answer to an invitation'), tone: '' };
    case 'counter':
      return { text: first ? t('{name} proposes this instead', { name: guestName(first) }) : t('Somebody proposes this instead'), tone: 'warn' };
    case 'decline_counter':
      return { text: t('The proposal is declined'), tone: 'bad' };
    case 'add':
      return { text: t('Further dates'), tone: '' };
    case 'refresh':
      return { text: t('Asks for the newest state'), tone: '' };
    default:
      return { text: t('Event'), tone: '' };
  }
}

function answer(guest: Guest): ReturnType<typeof heading> {
  const name = guestName(guest);
  switch (guest.attendance) {
    case 'accepted':
      return { text: t('{name} comes', { name }), tone: 'good' };
    case 'declined':
      return { text: t('{name} does not come', { name }), tone: 'bad' };
    case 'tentative':
      return { text: t('{name} may come', { name }), tone: 'warn' };
    case 'delegated':
      return { text: t('{name} sends somebody else', { name }), tone: '' };
    default:
      return { text: t('{name} has not decided', { name }), tone: '' };
  }
}

export const attendanceWords: Record<Guest['attendance'], string> = worded({
  accepted: 'comes',
  declined: 'does not come',
  tentative: 'may come',
  delegated: 'sends somebody else',
  unknown: '',
});

/** When: "Tue, 1 Dec 2026, 10:00 – 10:30". Clocks of a zone that nobody knows are told as they stand. */
export function span(starts: AppointmentTime, ends: AppointmentTime | null, zone?: string): string {
  if (starts.at && (!ends || ends.at)) return range(moment, starts.at, ends?.at ?? null, zone);
  const isDay = !starts.local.includes('T');
  // Dates have no zone: they are told in the one they are read in.
  const at = (one: AppointmentTime) => (isDay ? `${one.local}T00:00Z` : `${one.local}Z`);
  return range(isDay ? day : moment, at(starts), ends ? at(ends) : null, 'UTC');
}

function range(options: Intl.DateTimeFormatOptions, from: string, to: string | null, timeZone?: string): string {
  const format = new Intl.DateTimeFormat(words.locale, { ...options, timeZone });
  return to ? format.formatRange(new Date(from), new Date(to)) : format.format(new Date(from));
}

/** What its writer's clocks show, where ours show something else. */
export function elsewhere(starts: AppointmentTime, ends: AppointmentTime | null, zone?: string): string | null {
  if (!starts.local.includes('T')) return t('All day');
  if (!starts.at) return starts.zone ? t('by the clocks of “{zone}”', { zone: starts.zone }) : t('by the clocks of whoever reads it');
  const there = span({ local: starts.local, zone: null, at: null }, ends && { local: ends.local, zone: null, at: null });
  if (!starts.zone || there === span(starts, ends, zone)) return null;
  return t('{time} in {place}', { time: there, place: placeOfZone(starts.zone) });
}

const every = {
  day: (n: number) => tn(n, 'Every day', 'Every {n} days'),
  week: (n: number) => tn(n, 'Every week', 'Every {n} weeks'),
  month: (n: number) => tn(n, 'Every month', 'Every {n} months'),
  year: (n: number) => tn(n, 'Every year', 'Every {n} years'),
};
const days = { mon: 1, tue: 2, wed: 3, thu: 4, fri: 5, sat: 6, sun: 7 } as const;

/** "Every 2 weeks on Mon, Wed, until 31 Dec 2026". */
export function repetition(repeats: NonNullable<Appointment['repeats']>): string {
  if (repeats.every === 'moment') return t('Repeats within the day');
  const name = new Intl.DateTimeFormat(words.locale, { weekday: 'short', timeZone: 'UTC' });
  // The first of January 2024 was a Monday.
  const on = repeats.days.map((one) => name.format(Date.UTC(2024, 0, days[one])));
  const last = new Intl.DateTimeFormat(words.locale, { dateStyle: 'medium', timeZone: 'UTC' });
  let said = every[repeats.every](repeats.interval);
  if (on.length > 0) said = t('{every} on {days}', { every: said, days: on.join(', ') });
  if (repeats.more) said = t('{every}, by a rule of its own', { every: said });
  if (repeats.until) said = t('{every}, until {date}', { every: said, date: last.format(new Date(repeats.until)) });
  return repeats.times ? t('{every}, {n} times', { every: said, n: repeats.times }) : said;
}

/** Whether a later mail of the conversation says something else of the same event. */
export function outdated(one: Appointment, message: Message, all: readonly Message[]): 'cancelled' | 'changed' | null {
  if (one.uid === '' || (one.kind !== 'request' && one.kind !== 'publish')) return null;
  const later = all
    .filter((other) => other.id !== message.id && Date.parse(other.sent_at) >= Date.parse(message.sent_at))
    .flatMap((other) => other.mail?.appointments ?? [])
    .filter((other) => other.uid === one.uid && (!other.only || other.only.local === one.only?.local));
  if (later.some((other) => other.kind === 'cancel' && other.sequence >= one.sequence)) return 'cancelled';
  const isNewer = (other: Appointment) => other.kind === one.kind && other.sequence > one.sequence;
  return later.some(isNewer) ? 'changed' : null;
}
