import type { Ticket } from '../api/shapes';
import type { View } from './route.svelte';

/** What a list shows, and in which order. Pure, so that a live event lands where a fresh load would put it. */

export interface Filters {
  /** Only in All; the other views are of open tickets. */
  status: '' | Ticket['status'];
  channel: '' | Ticket['channel'];
  unread: boolean;
  q: string;
}

export const noFilters: Filters = { status: '', channel: '', unread: false, q: '' };

export const isFiltered = (filters: Filters) =>
  filters.status !== '' || filters.channel !== '' || filters.unread || filters.q.trim() !== '';

export function queryOf(view: View, filters: Filters): Record<string, string | undefined> {
  return {
    status: view === 'all' ? filters.status || undefined : 'open',
    assignee: view === 'mine' ? 'me' : view === 'unassigned' ? 'none' : undefined,
    channel: filters.channel || undefined,
    unread: filters.unread ? 'true' : undefined,
    q: filters.q.trim() || undefined,
  };
}

/** Whether a ticket belongs to a list. A search is the server's to answer: nothing new joins one. */
export function belongs(ticket: Ticket, view: View, filters: Filters, me: string | undefined): boolean {
  const status = view === 'all' ? filters.status : 'open';
  if (status && ticket.status !== status) return false;
  if (view === 'mine' && ticket.assignee?.id !== me) return false;
  if (view === 'unassigned' && ticket.assignee) return false;
  if (filters.channel && ticket.channel !== filters.channel) return false;
  return !filters.unread || ticket.unread;
}

/** Newest message first. */
export function byNewest(one: Ticket, other: Ticket): number {
  return other.last_message_at.localeCompare(one.last_message_at) || other.id.localeCompare(one.id);
}
