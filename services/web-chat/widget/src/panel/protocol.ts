// The protocol of the socket, as the server writes it. The golden frames in ../../../protocol are read by the tests of
// both sides.

export type AuthorKind = 'customer' | 'agent' | 'auto_responder' | 'follow_up' | 'system';
export type Ticket = 'open' | 'closed';

export interface Attachment {
  id: string;
  name: string;
  content_type: string;
  size: number;
}

export interface Message {
  seq: number;
  id: string;
  author: { kind: AuthorKind; name: string | null };
  text: string;
  attachments: Attachment[];
  sent_at: string;
  client_id?: string;
}

export interface Branding {
  color: string;
  title: string;
  subtitle: string;
  welcome_message: string;
}

export interface Office {
  open: boolean | null;
  next_open_at: string | null;
}

export interface Ready {
  type: 'ready';
  session: string;
  resume: string;
  seq: number;
  messages: Message[];
  truncated?: boolean;
  ticket: Ticket | null;
  office: Office;
  branding: Branding;
}

export type ServerFrame =
  | Ready
  | { type: 'ack'; client_id: string; id: string; seq: number | null }
  | ({ type: 'message' } & Message)
  | { type: 'typing'; on: boolean; name: string }
  | { type: 'seen'; seq: number }
  | { type: 'status'; ticket: Ticket }
  | { type: 'pong' }
  | { type: 'error'; code: string; message: string; client_id?: string; retry_after_ms?: number }
  | { type: 'bye'; code: number; retry_after_ms: number };

export interface Visitor {
  id?: string;
  name?: string;
  email?: string;
  signature?: string;
}

export type ClientFrame =
  | { type: 'hello'; resume?: string; last_seq?: number; visitor?: Visitor; locale?: string; page?: string }
  | { type: 'message'; client_id: string; text: string }
  | { type: 'typing'; on: boolean }
  | { type: 'seen'; seq: number }
  | { type: 'identify'; email?: string; name?: string }
  | { type: 'end' }
  | { type: 'ping' };

/** Longest text the server takes, in characters (code points). */
export const MAX_TEXT = 8000;

const fields: Record<ServerFrame['type'], Record<string, (value: unknown) => boolean>> = {
  ready: { session: isText, resume: isText, seq: isNumber, messages: isMessages, office: isThing, branding: isThing },
  ack: { client_id: isText, id: isText, seq: (value) => value === null || isNumber(value) },
  message: { seq: isNumber, id: isText, text: isText, author: isThing, attachments: Array.isArray, sent_at: isText },
  typing: { on: (value) => typeof value === 'boolean', name: isText },
  seen: { seq: isNumber },
  status: { ticket: (value) => value === 'open' || value === 'closed' },
  pong: {},
  error: { code: isText, message: isText },
  bye: { retry_after_ms: isNumber },
};

/** The frame in a text of the server; `null` for what is none, or of a kind that is not known yet. */
export function readFrame(text: string): ServerFrame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isThing(value) || !isText(value['type']) || !Object.hasOwn(fields, value['type'])) return null;
  const expected = fields[value['type'] as ServerFrame['type']];
  const fits = Object.entries(expected).every(([name, check]) => check((value as Record<string, unknown>)[name]));
  return fits ? (value as unknown as ServerFrame) : null;
}

export const writeFrame = (frame: ClientFrame): string => JSON.stringify(frame);

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isThing(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMessages(value: unknown): boolean {
  const message = fields.message;
  return (
    Array.isArray(value) &&
    value.every((one) => isThing(one) && Object.entries(message).every(([name, check]) => check(one[name])))
  );
}
