import type { Ticket } from '../api/shapes';
import { composing } from '../state/composing.svelte';
import { panes } from '../state/panes.svelte';
import { route } from '../state/route.svelte';
import { selection } from '../state/selection.svelte';
import { session } from '../state/session.svelte';
import { thread } from '../state/thread.svelte';
import { toasts } from '../state/toasts.svelte';
import { t } from '../text/language.svelte';
import { snoozeChoices } from '../text/snooze';
import { ahead } from '../text/when';

/** What a key does, and the command bar by name. */

export interface Action {
  id: string;
  name: string;
  /** A key as the browser names it, or two of them one after the other; everybody can choose another one. */
  key: string;
  /** Only where a ticket is open. */
  onTicket?: boolean;
  /** Makes no sense by name: what it moves is where the focus was. */
  byKeyOnly?: boolean;
  run: () => void;
}

/** Keys that are what they are. */
export const fixedKeys = (): [keys: string[], what: string][] => [
  [['Ctrl', 'k'], t('Command bar')],
  [['Enter'], t('Open the ticket')],
  [['Ctrl', 'Enter'], t('Send')],
  [['Ctrl', 'Shift', 'Enter'], t('Send and close')],
  [['Ctrl', 'Alt', 'Enter'], t('Send and snooze until tomorrow')],
  [['/'], t('In a reply: quick responses')],
  [['Esc'], t('Leave a field, then the ticket')],
];

const to = (hash: string) => () => (location.hash = hash);

export const actions: Action[] = [
  { id: 'next', get name() { return t('Next ticket'); }, key: 'j', byKeyOnly: true, run: () => step(1) },
  { id: 'previous', get name() { return t('Previous ticket'); }, key: 'k', byKeyOnly: true, run: () => step(-1) },
  { id: 'reply', get name() { return t('Reply'); }, key: 'r', onTicket: true, run: () => void composing.begin('reply') },
  { id: 'note', get name() { return t('Note to colleagues'); }, key: 'n', onTicket: true, run: () => void composing.begin('note') },
  { id: 'close', get name() { return t('Close the ticket, or open it again'); }, key: 'e', onTicket: true, run: () => onTicket((ticket) => void closeOrOpen(ticket)) },
  { id: 'close-next', get name() { return t('Close the ticket and go to the next'); }, key: 'E', onTicket: true, run: () => onTicket((ticket) => void closeAndNext(ticket)) },
  { id: 'snooze', get name() { return t('Snooze until tomorrow'); }, key: 'z', onTicket: true, run: () => onTicket(() => void snooze(snoozeChoices()[1]?.until)) },
  { id: 'assign-me', get name() { return t('Assign to me'); }, key: 'a', onTicket: true, run: () => onTicket(() => void assignToMe()) },
  { id: 'tag', get name() { return t('Add a tag'); }, key: 't', onTicket: true, run: () => onTicket(() => toTags()) },
  { id: 'unread', get name() { return t('Mark unread'); }, key: 'u', onTicket: true, run: () => onTicket(() => void markUnread()) },
  { id: 'copy-link', get name() { return t('Copy the link of the ticket'); }, key: '.', onTicket: true, run: () => onTicket((ticket) => void copyLink(ticket)) },
  { id: 'details', get name() { return t('Details on or off'); }, key: 'i', onTicket: true, run: () => onTicket(() => panes.toggleDetails()) },
  { id: 'select', get name() { return t('Select the ticket'); }, key: 'x', byKeyOnly: true, run: () => pick(false) },
  { id: 'select-range', get name() { return t('Select all up to the ticket'); }, key: 'X', byKeyOnly: true, run: () => pick(true) },
  { id: 'search', get name() { return t('Search'); }, key: '/', run: () => document.getElementById('search')?.focus() },
  { id: 'go-mine', get name() { return t('Go to My inbox'); }, key: 'g i', byKeyOnly: true, run: to('#/inbox/mine') },
  { id: 'go-unassigned', get name() { return t('Go to Unassigned'); }, key: 'g u', byKeyOnly: true, run: to('#/inbox/unassigned') },
  { id: 'go-all', get name() { return t('Go to All tickets'); }, key: 'g a', byKeyOnly: true, run: to('#/inbox/all') },
  { id: 'go-settings', get name() { return t('Go to Settings'); }, key: 'g s', byKeyOnly: true, run: () => session.mayManageInbox && route.go({ screen: 'settings', page: 'organization' }) },
  { id: 'keys', get name() { return t('Keyboard'); }, key: '?', run: () => (panes.keys = true) },
  { id: 'preferences', get name() { return t('Preferences: density, notifications'); }, key: '', run: () => (panes.preferences = true) },
];

function onTicket(act: (ticket: Ticket) => void) {
  if (thread.ticket) act(thread.ticket);
}

export async function closeOrOpen(ticket: Ticket): Promise<boolean> {
  const closing = ticket.status !== 'closed';
  const changed = await thread.change({ status: closing ? 'closed' : 'open' });
  if (changed) toasts.say(closing ? t('Ticket closed') : t('Ticket opened again'));
  return changed;
}

async function closeAndNext(ticket: Ticket) {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-ticket]')].map((row) => row.dataset['ticket']);
  const next = rows[rows.indexOf(ticket.id) + 1];
  if (ticket.status !== 'closed' && !(await closeOrOpen(ticket))) return;
  if (next) route.go({ screen: 'ticket', id: next });
  else route.toList();
}

export async function snooze(until: Date | undefined) {
  if (until && (await thread.change({ status: 'snoozed', snoozed_until: until.toISOString() }))) {
    toasts.say(t('Snoozed until {when}', { when: ahead(until.toISOString()) }));
  }
}

/** Unread again, and out of it: staying would read it. */
export async function markUnread() {
  if (!(await thread.change({ unread: true }))) return;
  toasts.say(t('Marked as unread'));
  route.toList();
}

export async function assignToMe() {
  if (session.user && (await thread.change({ assignee_id: session.user.id }))) toasts.say(t('Assigned to you'));
}

function toTags() {
  if (!panes.details) panes.toggleDetails();
  requestAnimationFrame(() => document.getElementById('add-tag')?.focus());
}

async function copyLink(ticket: Ticket) {
  try {
    await navigator.clipboard.writeText(`${location.origin}/#/tickets/${ticket.id}`);
    toasts.say(t('The link of #{number} is copied', { number: String(ticket.number) }));
  } catch {
    toasts.fail(t('The browser does not let this page copy.'));
  }
}

/** Selects the ticket that has the focus, or the open one. */
function pick(range: boolean) {
  const focused = document.activeElement?.closest<HTMLElement>('[data-ticket]')?.dataset['ticket'] ?? route.ticketId;
  if (focused) selection.toggle(focused, range);
}

/** Moves the focus along the list, from where it is or from the open ticket. */
function step(by: number) {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-ticket]')];
  const focused = rows.indexOf(document.activeElement as HTMLElement);
  const at = focused === -1 ? rows.findIndex((row) => row.dataset['ticket'] === route.ticketId) : focused;
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}
