import type { Message, MessageStatus } from '../api/shapes';

/** Lists of messages, however they arrive: from a page, an answer or the stream, in any order and more than once. */

const rank: Record<MessageStatus, number> = {
  received: 0,
  queued: 0,
  sending: 1,
  uncertain: 2,
  sent: 3,
  delivered: 4,
  failed: 5,
  read: 6,
};

/** Both, each once, oldest first; of two versions of a message the further one counts. */
export function merged(one: Message[], other: Message[]): Message[] {
  const all = new Map(one.map((message) => [message.id, message]));
  for (const message of other) {
    const before = all.get(message.id);
    if (!before || rank[before.status] <= rank[message.status]) all.set(message.id, message);
  }
  return [...all.values()].sort((a, b) => a.sent_at.localeCompare(b.sent_at) || a.seq - b.seq || a.id.localeCompare(b.id));
}

/** A status never goes back. */
export function moved(
  messages: Message[],
  move: { messageId: string; status: MessageStatus; error: Message['error'] },
): Message[] {
  return messages.map((message) =>
    message.id === move.messageId && rank[message.status] < rank[move.status]
      ? { ...message, status: move.status, error: move.error }
      : message,
  );
}

export function changed<T extends { key: string }>(all: T[], key: string, change: Partial<T>): T[] {
  return all.map((one) => (one.key === key ? { ...one, ...change } : one));
}
