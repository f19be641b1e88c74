import type { Ticket, ViewFilters } from '../api/shapes';
import { builtIn, type View } from './route.svelte';

/** What a list shows, and in which order. Pure, so that a live event lands where a fresh load would put it. */

/** Several values of one filter are divided by commas; days are those of the clock on the wall. */
export interface Filters {
  status: string;
  channel: string;
  assignee: string;
  team: string;
  unread: '' | 'true' | 'false';
  tag: string;
  attribution: string;
  created_from: string;
  created_to: string;
  updated_from: string;
  updated_to: string;
  profile: string;
  sort: Sort;
  q: string;
  /** The campaign or flow whose answers are shown, and its name for people. */
  campaign: string;
  campaignName: string;
}

export type Sort = '' | 'last_message_at' | '-created_at' | 'created_at' | 'waiting';

export const noFilters: Filters = {
  status: '',
  channel: '',
  assignee: '',
  team: '',
  unread: '',
  tag: '',
  attribution: '',
  created_from: '',
  created_to: '',
  updated_from: '',
  updated_to: '',
  profile: '',
  sort: '',
  q: '',
  campaign: '',
  campaignName: '',
};

const names = Object.keys(noFilters) as (keyof Filters)[];
const words = (text: string) => text.split(',').map((word) => word.trim()).filter((word) => word !== '');

/** Whether something is left out; the order leaves out nothing. */
export const isFiltered = (filters: Filters) => names.some((name) => name !== 'sort' && name !== 'campaignName' && filters[name].trim() !== '');

export const same = (one: Filters, other: Filters) => names.every((name) => one[name].trim() === other[name].trim());

/** As the address keeps them. */
export function searchOf(filters: Filters): string {
  const set = names.filter((name) => filters[name].trim() !== '');
  return new URLSearchParams(set.map((name) => [name, filters[name].trim()])).toString();
}

/** What an address says; what it does not know is left out. */
export function filtersOf(search: string): Filters {
  const given = new URLSearchParams(search);
  return Object.fromEntries(names.map((name) => [name, given.get(name) ?? ''])) as unknown as Filters;
}

/** What the views everybody has begin with (E3). */
export function baseOf(view: View): Partial<Filters> & { blocked?: boolean; mentioned?: boolean } {
  switch (view) {
    case 'mine':
      return { status: 'open', assignee: 'me' };
    case 'unassigned':
      return { status: 'open', assignee: 'none' };
    case 'mentions':
      return { mentioned: true };
    case 'snoozed':
      return { status: 'snoozed' };
    case 'blocked':
      return { blocked: true };
    default:
      return {};
  }
}

/** Midnight of a day here, and of the day after for an end that counts in. */
function moment(day: string, end: boolean): string | undefined {
  if (!day) return undefined;
  const date = new Date(`${day}T00:00:00`);
  if (Number.isNaN(date.getTime())) return undefined;
  if (end) date.setDate(date.getDate() + 1);
  return date.toISOString();
}

function dayOf(time: string | null | undefined, end: boolean): string {
  if (!time) return '';
  const date = new Date(new Date(time).getTime() - (end ? 1 : 0));
  const two = (number: number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

const times = (filters: Filters) => ({
  created_from: moment(filters.created_from, false),
  created_to: moment(filters.created_to, true),
  updated_from: moment(filters.updated_from, false),
  updated_to: moment(filters.updated_to, true),
});

export function queryOf(view: View, filters: Filters): Record<string, string | undefined> {
  const { blocked, mentioned, ...base } = baseOf(view);
  const all = { ...filters, ...base };
  return {
    status: all.status || undefined,
    assignee: all.assignee || undefined,
    team: all.team || undefined,
    channel: all.channel || undefined,
    unread: all.unread || undefined,
    tag: all.tag.trim() || undefined,
    attribution: all.attribution || undefined,
    profile: all.profile || undefined,
    campaign: all.campaign || undefined,
    blocked: blocked ? 'true' : undefined,
    mentioned: mentioned ? 'true' : undefined,
    ...times(all),
    q: all.q.trim() || undefined,
    sort: all.sort || undefined,
  };
}

/** The same as a view keeps it, and as a change of many tickets takes it. */
export function documentOf(view: View, filters: Filters): ViewFilters {
  const query = queryOf(view, filters);
  const document: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    if (['status', 'channel', 'tag', 'attribution'].includes(name)) document[name] = words(value);
    else document[name] = ['unread', 'blocked', 'mentioned'].includes(name) ? value === 'true' : value;
  }
  return document as ViewFilters;
}

/** What a saved view shows. */
export function fromDocument(saved: ViewFilters): Filters {
  const list = (values: string[] | undefined) => (values ?? []).join(',');
  const sort = saved.sort && saved.sort !== '-last_message_at' ? (saved.sort as Sort) : '';
  return {
    ...noFilters,
    status: list(saved.status),
    channel: list(saved.channel),
    tag: list(saved.tag),
    attribution: list(saved.attribution),
    assignee: saved.assignee ?? '',
    team: saved.team ?? '',
    unread: saved.unread === true ? 'true' : saved.unread === false ? 'false' : '',
    profile: saved.profile ?? '',
    campaign: saved.campaign ?? '',
    created_from: dayOf(saved.created_from, false),
    created_to: dayOf(saved.created_to, true),
    updated_from: dayOf(saved.updated_from, false),
    updated_to: dayOf(saved.updated_to, true),
    q: saved.q ?? '',
    sort,
  };
}

const oneOf = (given: string, value: string | undefined | null) => given === '' || (!!value && words(given).includes(value));
const within = (time: string, from: string | undefined, to: string | undefined) =>
  (!from || Date.parse(time) >= Date.parse(from)) && (!to || Date.parse(time) < Date.parse(to));

/** Whether a ticket belongs to a list. A search and who is meant by notes are the server's to
 * answer: nothing new joins those. */
export function belongs(ticket: Ticket, view: View, filters: Filters, me: string | undefined): boolean {
  const { blocked, mentioned: _, ...base } = baseOf(view);
  const all = { ...filters, ...base };
  if (!oneOf(all.status, ticket.status) || !oneOf(all.channel, ticket.channel)) return false;
  if (all.assignee === 'none' ? ticket.assignee : !oneOf(all.assignee === 'me' ? (me ?? 'me') : all.assignee, ticket.assignee?.id)) return false;
  if (all.team === 'none' ? ticket.team : !oneOf(all.team, ticket.team)) return false;
  if (all.unread && ticket.unread !== (all.unread === 'true')) return false;
  if (all.tag.trim() && !words(all.tag.toLowerCase()).some((tag) => ticket.tags.includes(tag))) return false;
  if (!oneOf(all.attribution, ticket.attribution?.kind) || !oneOf(all.campaign, ticket.attribution?.id)) return false;
  if (all.profile && ticket.profile.id !== all.profile) return false;
  if (blocked && !ticket.profile.blocked) return false;
  const span = times(all);
  return within(ticket.created_at, span.created_from, span.created_to) && within(ticket.updated_at, span.updated_from, span.updated_to);
}

const LAST = '~';

/** The order of a list, as the server has it. */
export function order(sort: Sort): (one: Ticket, other: Ticket) => number {
  const key = (ticket: Ticket) =>
    sort === 'waiting' ? (ticket.waiting_since ?? LAST) : sort === 'created_at' || sort === '-created_at' ? ticket.created_at : ticket.last_message_at;
  const sign = sort === '' || sort === '-created_at' ? -1 : 1;
  const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return (one, other) => sign * (compare(key(one), key(other)) || compare(one.id, other.id));
}

/** Whether a saved view is one of those that everybody has. */
export const isSaved = (view: View) => !(builtIn as readonly string[]).includes(view);
