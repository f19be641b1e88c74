import type { Message, Note } from '../api/shapes';
import { isAutomatic } from './names';

/** A thread as it is drawn: messages in runs, with a line where a day or another conversation begins. */

export type Item =
  | { kind: 'day'; key: string; at: string }
  | { kind: 'ticket'; key: string; ticketId: string }
  | { kind: 'note'; key: string; note: Note }
  | { kind: 'message'; key: string; message: Message; begins: boolean; ends: boolean };

const RUN = 5 * 60_000;

/** An answer that its author took back before it left. */
export const isUndone = (message: Message) => message.error?.code === 'undone';

/** Without what was taken back. `notes` stand between the messages by their time; those before the first message only where it is `whole`. */
export function timeline(all: Message[], current: string, notes: Note[] = [], whole = true): Item[] {
  const items: Item[] = [];
  const messages = all.filter((message) => !isUndone(message));
  const first = messages[0];
  const waiting = notes.filter((note) => whole || !first || note.created_at >= first.sent_at);
  const put = (upTo?: string) => {
    while (waiting[0] && (upTo === undefined || waiting[0].created_at < upTo)) {
      const note = waiting.shift() as Note;
      items.push({ kind: 'note', key: note.id, note });
    }
  };
  messages.forEach((message, index) => {
    put(message.sent_at);
    const before = messages[index - 1];
    const after = messages[index + 1];
    if (!before || dayOf(before) !== dayOf(message)) items.push({ kind: 'day', key: `day ${dayOf(message)}`, at: message.sent_at });
    const moved = before ? before.ticket_id !== message.ticket_id : message.ticket_id !== current;
    if (moved) items.push({ kind: 'ticket', key: `ticket ${message.id}`, ticketId: message.ticket_id });
    const begins = moved || !sameRun(before, message);
    items.push({ kind: 'message', key: message.id, message, begins, ends: !sameRun(message, after) });
  });
  put();
  return items;
}

function sameRun(one: Message | undefined, next: Message | undefined): boolean {
  if (!one || !next || isAutomatic(one) || isAutomatic(next)) return false;
  const sameAuthor = one.direction === next.direction && one.author.id === next.author.id;
  const near = Date.parse(next.sent_at) - Date.parse(one.sent_at) < RUN;
  return sameAuthor && near && one.ticket_id === next.ticket_id && dayOf(one) === dayOf(next) && !hasNews(one);
}

/** Says something of its own below it: that it failed, waits for its time, that its link was opened. */
const hasNews = (message: Message) => message.status === 'failed' || !!message.send_at || !!message.clicks;

function dayOf(message: Message): string {
  return new Date(message.sent_at).toDateString();
}
