import { profiles, tickets as ticketsApi } from '../api/calls';
import type { Ticket } from '../api/shapes';
import { noFilters, searchOf } from '../state/order';
import { people } from '../state/people.svelte';
import { route, type SettingsPage } from '../state/route.svelte';
import { routing } from '../state/routing.svelte';
import { session } from '../state/session.svelte';
import { thread } from '../state/thread.svelte';
import { toasts } from '../state/toasts.svelte';
import { views } from '../state/views.svelte';
import { t, within } from '../text/language.svelte';
import { customerName } from '../text/names';
import { snoozeChoices } from '../text/snooze';
import { ahead } from '../text/when';
import type { IconName } from '../ui/icons';
import { actions, snooze } from './actions';

/** Everything the command bar offers. */

export interface Command {
  id: string;
  name: string;
  /** What kind of thing it is, for people. */
  kind: string;
  icon: IconName;
  /** The action whose key does the same. */
  action?: { id: string; key: string };
  run: () => void;
}

const settingsPages = (): [SettingsPage, string, needsAdmin?: boolean][] => [
  ['organization', t('Organisation')],
  ['numbers', t('Numbers')],
  ['keywords', t('Keywords')],
  ['auto-responder', t('Auto-responder')],
  ['texts', t('Texts')],
  ['mailboxes', t('Mailboxes')],
  ['answers', t('Answers')],
  ['chat', t('Web chat')],
  ['quick-responses', t('Quick responses')],
  ['coupons', t('Coupons')],
  ['tags', t('Tags')],
  ['notifications', t('Notifications')],
  ['teams', t('Teams')],
  ['rules', t('Rules')],
  ['people', t('People'), true],
  ['keys', t('API keys'), true],
  ['webhooks', t('Webhooks'), true],
];

const builtIn = (): [string, string, IconName][] => [
  ['mine', t('My inbox'), 'mine'],
  ['unassigned', t('Unassigned'), 'unassigned'],
  ['all', t('All tickets'), 'all'],
  ['mentions', t('Mentions'), 'at'],
  ['snoozed', t('Snoozed'), 'clock'],
  ['blocked', t('Blocked'), 'block'],
];

/** What can be done here and now, without asking the server. */
export function commands(): Command[] {
  const ticket = thread.ticket;
  const offered = actions.filter((action) => !action.byKeyOnly && (ticket || !action.onTicket));
  const acts = offered.map((action): Command => ({ id: action.id, name: action.name, kind: action.onTicket ? t('This ticket') : t('Console'), icon: 'quick', action, run: action.run }));
  return [...(ticket ? acts.filter(({ kind }) => kind === t('This ticket')) : []), ...(ticket ? onTicket(ticket) : []), ...places(), ...acts.filter(({ kind }) => kind === t('Console')), ...self()];
}

function onTicket(ticket: Ticket): Command[] {
  const kind = t('This ticket');
  const change = (patch: Parameters<typeof thread.change>[0], said: string) => async () => {
    if (await thread.change(patch)) toasts.say(said);
  };
  const others = people.active.filter((user) => user.id !== session.user?.id && user.id !== ticket.assignee?.id);
  const tags = routing.tags.filter(({ name }) => !ticket.tags.includes(name));
  return [
    ...snoozeChoices().map(({ label, until }): Command => ({ id: `snooze ${label}`, name: t('Snooze: {choice}, {when}', { choice: within(label), when: ahead(until.toISOString()) }), kind, icon: 'clock', run: () => void snooze(until) })),
    ...others.map((user): Command => ({ id: `assign ${user.id}`, name: t('Assign to {name}', { name: user.name }), kind, icon: 'mine', run: change({ assignee_id: user.id }, t('Assigned to {name}', { name: user.name })) })),
    ...(ticket.assignee ? [{ id: 'assign nobody', name: t('Assign to nobody'), kind, icon: 'unassigned', run: change({ assignee_id: null }, t('Assigned to nobody')) } as const] : []),
    ...routing.teams.filter(({ id }) => id !== ticket.team).map((team): Command => ({ id: `team ${team.id}`, name: t('Give to the team {name}', { name: team.name }), kind, icon: 'flow', run: change({ team_id: team.id }, t('It is {name}’s now', { name: team.name })) })),
    ...tags.map(({ name }): Command => ({ id: `tag ${name}`, name: t('Tag: {name}', { name }), kind, icon: 'plus', run: change({ tags: [...ticket.tags, name] }, t('Tagged {name}', { name })) })),
    ...ticket.tags.map((name): Command => ({ id: `untag ${name}`, name: t('Remove the tag {name}', { name }), kind, icon: 'close', run: change({ tags: ticket.tags.filter((tag) => tag !== name) }, t('{name} is removed', { name })) })),
  ];
}

function places(): Command[] {
  const view = (id: string, name: string, icon: IconName): Command => ({ id: `view ${id}`, name: t('Go to {name}', { name }), kind: t('View'), icon, run: () => route.go({ screen: 'inbox', view: id }) });
  const settings = settingsPages().filter(([, , needsAdmin]) => (needsAdmin ? session.mayManageOrganization : session.mayManageInbox));
  return [
    ...builtIn().map(([id, name, icon]) => view(id, name, icon)),
    ...views.all.map(({ id, name }) => view(id, name, 'view')),
    ...settings.map(([page, name]): Command => ({ id: `settings ${page}`, name: t('Settings: {name}', { name }), kind: t('Settings'), icon: 'settings', run: () => route.go({ screen: 'settings', page }) })),
    ...(session.mayManageInbox ? [{ id: 'ledger', name: t('Go to the Ledger'), kind: t('View'), icon: 'ledger', run: () => route.go({ screen: 'ledger' }) } as const] : []),
  ];
}

function self(): Command[] {
  return [
    { id: 'away', name: routing.away ? t('Be available again') : t('Go away: no new tickets'), kind: t('You'), icon: 'mine', run: () => void routing.setAway(!routing.away) },
    { id: 'sign out', name: t('Sign out'), kind: t('You'), icon: 'leave', run: () => void session.signOut() },
  ];
}

/** Tickets and customers that the words name. */
export async function found(words: string): Promise<Command[]> {
  const query = words.trim();
  if (query.length < 2 && !/\d/.test(query)) return [];
  const number = /^#?(\d+)$/.exec(query)?.[1];
  const [hits, customers] = await Promise.all([
    ticketsApi.search({ q: number ? `#${number}` : query, limit: '6' }).catch(() => null),
    number ? [] : profiles.list(query).catch(() => []),
  ]);
  const tickets = (hits?.data ?? []).map(({ ticket }): Command => ({
    id: `ticket ${ticket.id}`,
    name: `#${ticket.number} ${ticket.subject ?? customerName(ticket)}`,
    kind: t('Ticket'),
    icon: ticket.channel,
    run: () => route.go({ screen: 'ticket', id: ticket.id }),
  }));
  const exact = (command: Command) => (number && command.name.startsWith(`#${number} `) ? 0 : 1);
  return [
    ...tickets.sort((one, other) => exact(one) - exact(other)),
    ...customers.slice(0, 5).map((profile): Command => ({
      id: `customer ${profile.id}`,
      name: profile.name ?? profile.addresses[0]?.value ?? t('A customer without a name'),
      kind: t('Customer'),
      icon: 'mine',
      run: () => route.go({ screen: 'inbox', view: 'all', search: searchOf({ ...noFilters, profile: profile.id }) }),
    })),
  ];
}
