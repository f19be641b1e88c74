import type { AuthorKind, Channel, Message, Profile, Role, Ticket } from '../api/shapes';
import { t, tn, within, worded } from './language.svelte';
import { many } from './many';

/** Words for things. */

export const channelName: Record<Channel, string> = worded({ sms: 'SMS', email: 'Email', chat: 'Web chat' });

/** A role within a sentence. */
export const roleNames: Record<Role, string> = worded({ owner: 'owner', admin: 'admin', manager: 'manager', support: 'support' });

const robots: Partial<Record<AuthorKind, string>> = worded({
  auto_responder: 'Auto-responder',
  keyword: 'Keyword',
  campaign: 'Campaign',
  flow: 'Flow',
  follow_up: 'Follow-up mail',
  system: 'System',
});

/** Written by no person: drawn apart from the conversation. */
export const isAutomatic = (message: Message) => message.author.kind in robots;

/** Taken back before its time came. */
export const isCanceled = (message: Message) => message.status === 'failed' && message.error?.code === 'canceled';

export function authorName(message: Message, ticket: Ticket): string {
  const robot = robots[message.author.kind];
  const person = personName(message, ticket);
  if (robot && message.direction === 'in') return `${person} · ${within(robot)}`;
  if (robot) return message.author.name ? `${robot} · ${message.author.name}` : robot;
  return person;
}

/** A bare address is no name. */
function personName({ author, direction }: Message, ticket: Ticket): string {
  if (author.name !== null && author.name !== ticket.profile.address) return author.name;
  return direction === 'in' ? customerName(ticket) : t('Agent');
}

export function customerName(ticket: Ticket): string {
  if (ticket.profile.name) return ticket.profile.name;
  return ticket.channel === 'chat' ? t('Visitor') : phone(ticket.profile.address);
}

/** What a profile is called wherever no ticket of theirs is shown. */
export function profileName({ name, addresses, claimed_email }: Profile): string {
  const known = addresses.find(({ kind }) => kind !== 'visitor');
  return name ?? (known ? phone(known.value) : (claimed_email ?? t('Visitor')));
}

/** How they are known, on one line. */
export function profileWords({ addresses, claimed_email }: Profile): string {
  const known = addresses.filter(({ kind }) => kind !== 'visitor').map(({ value }) => phone(value));
  if (claimed_email) known.push(claimed_email);
  return known.length > 0 ? known.join(', ') : t('Known by a browser alone');
}

/** A number with breaks to read it by; anything else as it is. */
export function phone(address: string): string {
  const american = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(address);
  if (american) return `+1 ${american[1]} ${american[2]} ${american[3]}`;
  return address;
}

/** Up to two letters for a round picture; a number has none. */
export function initials(name: string): string {
  if (/^[+\d\s]+$/.test(name)) return '';
  const words = name.replace(/@.*/, '').split(/[\s._-]+/).filter(Boolean);
  const ends = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0]];
  return ends.map((word) => firstLetter(word ?? '')).join('').toUpperCase();
}

/** A letter as people see it, which may be several code points. */
function firstLetter(word: string): string {
  return new Intl.Segmenter().segment(word)[Symbol.iterator]().next().value?.segment ?? '';
}

export const ticketWords = (count: number) => tn(count, '1 ticket', '{n} tickets', { n: many(count) });

export const segmentWords = (count: number) => (tn(count, '1 segment', '{n} segments'));

export function fileSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const [value, unit] = bytes < 1024 * 1024 ? [bytes / 1024, 'KB'] : [bytes / 1024 / 1024, 'MB'];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}
