// The protocol of the socket, as the server writes it. The golden frames in ../../../protocol are read by the tests of
// both sides. What a server of an earlier version leaves out is optional here.

export type AuthorKind = 'customer' | 'agent' | 'auto_responder' | 'follow_up' | 'system';
export type Ticket = 'open' | 'closed';

export interface Attachment {
  id: string;
  name: string;
  content_type: string;
  size: number;
  url?: string;
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

/** An earlier chat, to be read only. */
export interface PastChat {
  ticket: string;
  status: Ticket;
  messages: Message[];
}

export interface Branding {
  color: string;
  title: string;
  subtitle: string;
  welcome_message: string;
  position?: 'right' | 'left';
  font?: 'system' | 'rounded' | 'serif' | 'mono';
  button_shape?: 'rounded' | 'pill' | 'square';
}

export interface Office {
  open: boolean | null;
  next_open_at: string | null;
}

/** A field of the form before the chat. */
export interface Field {
  name: string;
  label: string;
  type: 'text' | 'email' | 'phone' | 'textarea';
  required: boolean;
}

export interface Ready {
  type: 'ready';
  session: string;
  resume: string;
  seq: number;
  messages: Message[];
  truncated?: boolean;
  ticket: Ticket | null;
  history?: PastChat[];
  office: Office;
  agents_online?: boolean;
  branding: Branding;
  form?: { fields: Field[] } | null;
  languages?: string[];
}

export type ServerFrame =
  | Ready
  | { type: 'ack'; client_id: string; id: string; seq: number | null }
  | ({ type: 'message' } & Message)
  | { type: 'typing'; on: boolean; name: string }
  | { type: 'seen'; seq: number; by?: 'agent' }
  | { type: 'status'; ticket: Ticket }
  | { type: 'rated'; score: number }
  | { type: 'transcript'; email: string }
  | { type: 'pong' }
  | { type: 'error'; code: string; message: string; client_id?: string; retry_after_ms?: number }
  | { type: 'bye'; code: number; retry_after_ms: number };

export interface Visitor {
  id?: string;
  name?: string;
  email?: string;
  signature?: string;
}

export type Form = Record<string, string>;

export type ClientFrame =
  | { type: 'hello'; resume?: string; last_seq?: number; visitor?: Visitor; locale?: string; page?: string; form?: Form }
  | { type: 'message'; client_id: string; text: string; attachments?: string[] }
  | { type: 'typing'; on: boolean }
  | { type: 'seen'; seq: number }
  | ({ type: 'identify'; form?: Form } & Visitor)
  | { type: 'end' }
  | { type: 'rate'; score: number; comment?: string }
  | { type: 'transcript'; email: string }
  | { type: 'ping' };

/** Longest text the server takes, in characters (code points). */
export const MAX_TEXT = 8000;

const TYPES = 'ready ack message typing seen status rated transcript pong error bye'.split(' ');

/** The frame in a text of the server; `null` for what is none, or of a type that is not known yet. */
export function readFrame(text: string): ServerFrame | null {
  try {
    const frame: ServerFrame | null = JSON.parse(text);
    return frame && TYPES.includes(frame.type) ? frame : null;
  } catch {
    return null;
  }
}

export const writeFrame = (frame: ClientFrame): string => JSON.stringify(frame);
