import { composing } from '../state/composing.svelte';
import { panes } from '../state/panes.svelte';
import { route } from '../state/route.svelte';
import { selection } from '../state/selection.svelte';
import { session } from '../state/session.svelte';
import { thread } from '../state/thread.svelte';
import { toasts } from '../state/toasts.svelte';

/** Single keys of the inbox. They rest while a field has the focus. */

export const keyList: [keys: string[], what: string][] = [
  [['j'], 'Next ticket'],
  [['k'], 'Previous ticket'],
  [['Enter'], 'Open the ticket'],
  [['r'], 'Reply'],
  [['n'], 'Note to colleagues'],
  [['Ctrl', 'Enter'], 'Send'],
  [['e'], 'Close the ticket, or open it again'],
  [['x'], 'Select the ticket'],
  [['Shift', 'x'], 'Select all up to the ticket'],
  [['u'], 'Mark unread'],
  [['a'], 'Assign to me'],
  [['i'], 'Details on or off'],
  [['/'], 'Search; in a reply, quick responses'],
  [['Esc'], 'Leave a field, then the ticket'],
  [['?'], 'These keys'],
];

const inField = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export function onKey(event: KeyboardEvent) {
  if (document.querySelector('dialog[open]') || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Escape') return leave(event);
  if (inField(event.target)) return;
  const act = actions[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

const actions: Record<string, () => void> = {
  j: () => step(1),
  k: () => step(-1),
  r: () => composing.begin('reply'),
  n: () => composing.begin('note'),
  e: () => onTicket((ticket) => closeOrOpen(ticket.status)),
  x: () => pick(false),
  X: () => pick(true),
  u: () => onTicket(() => void markUnread()),
  a: () => onTicket(() => void assignToMe()),
  i: () => onTicket(() => panes.toggleDetails()),
  '/': () => document.getElementById('search')?.focus(),
  '?': () => (panes.keys = true),
};

function onTicket(act: (ticket: NonNullable<typeof thread.ticket>) => void) {
  if (thread.ticket) act(thread.ticket);
}

async function closeOrOpen(status: string) {
  const closing = status !== 'closed';
  if (await thread.change({ status: closing ? 'closed' : 'open' })) toasts.say(closing ? 'Ticket closed' : 'Ticket opened again');
}

/** Unread again, and out of it: staying would read it. */
export async function markUnread() {
  if (!(await thread.change({ unread: true }))) return;
  toasts.say('Marked as unread');
  route.toList();
}

export async function assignToMe() {
  if (session.user && (await thread.change({ assignee_id: session.user.id }))) toasts.say('Assigned to you');
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

function leave(event: KeyboardEvent) {
  if (inField(event.target)) return (event.target as HTMLElement).blur();
  if (route.ticketId) return route.toList();
  selection.clear();
}
