import type { Message } from '../api/shapes';
import { isAutomatic } from './names';

/** A thread as it is drawn: messages in runs, with a line where a day or another conversation begins. */

export type Item =
  | { kind: 'day'; key: string; at: string }
  | { kind: 'ticket'; key: string; ticketId: string }
  | { kind: 'message'; key: string; message: Message; begins: boolean; ends: boolean };

const RUN = 5 * 60_000;

export function timeline(messages: Message[], current: string): Item[] {
  const items: Item[] = [];
  messages.forEach((message, index) => {
    const before = messages[index - 1];
    const after = messages[index + 1];
    if (!before || dayOf(before) !== dayOf(message)) items.push({ kind: 'day', key: `day ${dayOf(message)}`, at: message.sent_at });
    const moved = before ? before.ticket_id !== message.ticket_id : message.ticket_id !== current;
    if (moved) items.push({ kind: 'ticket', key: `ticket ${message.id}`, ticketId: message.ticket_id });
    const begins = moved || !sameRun(before, message);
    items.push({ kind: 'message', key: message.id, message, begins, ends: !sameRun(message, after) });
  });
  return items;
}

function sameRun(one: Message | undefined, next: Message | undefined): boolean {
  if (!one || !next || isAutomatic(one) || isAutomatic(next)) return false;
  const sameAuthor = one.direction === next.direction && one.author.id === next.author.id;
  const near = Date.parse(next.sent_at) - Date.parse(one.sent_at) < RUN;
  return sameAuthor && near && one.ticket_id === next.ticket_id && dayOf(one) === dayOf(next) && one.status !== 'failed';
}

function dayOf(message: Message): string {
  return new Date(message.sent_at).toDateString();
}
