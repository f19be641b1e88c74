// What stands in the conversation, pure: the server's messages in the order of their numbers, then what is on its way.

import type { Attachment, Message } from './protocol';

/** `sending`: kept until the server has it. `failed`: the server will not take it like this. */
export type Fate = 'sent' | 'sending' | 'failed';

export interface Item {
  /** Stays the same from the first key stroke to the stored message. */
  key: string;
  seq: number | null;
  mine: boolean;
  kind: Message['author']['kind'];
  name: string | null;
  text: string;
  attachments: Attachment[];
  at: number;
  fate: Fate;
  /** Why it failed: a code of the server. */
  problem?: string;
}

/** A message that the server does not have for certain. */
export interface Unsent {
  client_id: string;
  text: string;
  at: number;
  attachments?: Attachment[];
}

/** What is being written: its words, and the files that are up already. */
export interface Draft {
  text: string;
  files: Attachment[];
}

export const unsentItem = (unsent: Unsent): Item => ({
  key: unsent.client_id,
  seq: null,
  mine: true,
  kind: 'customer',
  name: null,
  text: unsent.text,
  attachments: unsent.attachments ?? [],
  at: unsent.at,
  fate: 'sending',
});

export const itemOf = (message: Message): Item => ({
  key: message.client_id ?? message.id,
  seq: message.seq,
  mine: message.author.kind === 'customer',
  kind: message.author.kind,
  name: message.author.name,
  text: message.text,
  attachments: message.attachments,
  at: Date.parse(message.sent_at),
  fate: 'sent',
});

/** With these items added or renewed, each once, in order. */
export function merge(items: readonly Item[], fresh: readonly Item[]): Item[] {
  const byKey = new Map(items.map((item) => [item.key, item]));
  for (const item of fresh) byKey.set(item.key, item);
  return [...byKey.values()].sort(before);
}

/** With one item changed. */
export const change = (items: readonly Item[], key: string, by: Partial<Item>): Item[] =>
  items.map((item) => (item.key === key ? { ...item, ...by } : item)).sort(before);

/** Numbered ones by number; those on their way after them, as they were written. */
function before(a: Item, b: Item): number {
  if (a.seq !== null && b.seq !== null) return a.seq - b.seq;
  if (a.seq === null && b.seq === null) return a.at - b.at;
  return a.seq === null ? 1 : -1;
}

/** The newest number. */
export const newest = (items: readonly Item[]): number => items.reduce((most, item) => Math.max(most, item.seq ?? 0), 0);

/** Messages of the other side after that number. */
export const unreadAfter = (items: readonly Item[], seen: number): number =>
  items.filter((item) => !item.mine && item.seq !== null && item.seq > seen).length;

/** Consecutive messages of one author, close together in time: drawn as one block. */
export interface Block {
  key: string;
  mine: boolean;
  name: string | null;
  kind: Item['kind'];
  items: Item[];
  /** The first of its day: the day stands above it. */
  newDay: boolean;
}

const CLOSE = 5 * 60_000;

export function blocks(items: readonly Item[]): Block[] {
  const made: Block[] = [];
  let before: Item | undefined;
  for (const item of items) {
    const block = made.at(-1);
    const newDay = !before || day(before.at) !== day(item.at);
    const goesOn =
      block && before && !newDay && block.mine === item.mine && block.name === item.name && item.at - before.at < CLOSE;
    if (goesOn) block.items.push(item);
    else made.push({ key: item.key, mine: item.mine, name: item.name, kind: item.kind, items: [item], newDay });
    before = item;
  }
  return made;
}

const day = (at: number): string => new Date(at).toDateString();
