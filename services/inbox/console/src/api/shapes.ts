/** The JSON of the agents' API, as far as the console reads it. */

export type Channel = 'sms' | 'email' | 'chat';
export type Status = 'open' | 'snoozed' | 'closed';
export type Role = 'owner' | 'admin' | 'manager' | 'support';

export interface User {
  id: string;
  email: string;
  name: string;
  role: Role;
  disabled: boolean;
  created_at: string;
}

export interface SignedIn {
  user: User;
  csrf_token: string;
}

export interface Ticket {
  id: string;
  number: number;
  channel: Channel;
  inbox: string;
  status: Status;
  snoozed_until: string | null;
  subject: string | null;
  preview: string;
  profile: { id: string; name: string | null; address: string; blocked: boolean };
  assignee: { id: string; name: string } | null;
  team: string | null;
  tags: string[];
  unread: boolean;
  created_at: string;
  updated_at: string;
  last_message_at: string;
  first_response_at: string | null;
  closed_at: string | null;
  attribution: { kind: string; id: string; name: string; message_id: string } | null;
  can_reply: { allowed: boolean; code: string | null; reason: string | null };
  visitor_online: boolean;
  version: number;
}

export type AuthorKind =
  | 'customer'
  | 'agent'
  | 'auto_responder'
  | 'keyword'
  | 'campaign'
  | 'flow'
  | 'follow_up'
  | 'system';

export type MessageStatus =
  | 'received'
  | 'queued'
  | 'sending'
  | 'sent'
  | 'delivered'
  | 'read'
  | 'failed'
  | 'uncertain';

export interface Attachment {
  id: string;
  name: string;
  content_type: string;
  size: number;
  url: string;
}

export interface Message {
  id: string;
  ticket_id: string;
  seq: number;
  direction: 'in' | 'out';
  author: { kind: AuthorKind; id: string | null; name: string | null };
  text: string;
  html: string | null;
  attachments: Attachment[];
  status: MessageStatus;
  error: { code: string; reason: string } | null;
  segments: number | null;
  sent_at: string;
  why: string;
  client_id?: string;
}

export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

export interface Address {
  kind: 'phone' | 'sender' | 'email' | 'visitor' | 'external';
  value: string;
  verified: boolean;
}

export interface Profile {
  id: string;
  name: string | null;
  addresses: Address[];
  /** Given by a visitor; nobody vouches for it. */
  claimed_email: string | null;
  consent: { sms: { subscribed: boolean; kinds: ConsentKind[] } };
  time_zone: string | null;
  location: string | null;
  blocked: boolean;
  tickets: number;
  created_at: string;
}

export type ConsentKind = 'marketing' | 'transactional';
export type ConsentState = 'subscribed' | 'unsubscribed';

export interface Consent {
  kind: ConsentKind;
  state: ConsentState;
  source: string;
  text: string;
  number: string | null;
  at: string;
}

export interface ApiKey {
  id: string;
  name: string;
  role: Role;
  created_at: string;
}

export interface LedgerEntry {
  id: string;
  channel: Channel | '';
  external_id: string;
  received_at: string;
  state: 'ticket' | 'keyword' | 'receipt' | 'duplicate' | 'blocked' | 'robot' | 'held' | 'dead';
  reason: string;
  ticket_id: string | null;
  replayable: boolean;
}

export interface Settings {
  organization: {
    name: string;
    prefix: string;
    support_email: string;
    sender_email: string;
    logo_url: string;
    privacy_url: string;
    terms_url: string;
  };
  badge: boolean;
  sms: {
    auto_responder: { mode: 'all' | 'non_consented' | 'off'; text_all: string; text_non_consented: string };
    keywords: { subscribe: string[]; answer_subscribe: string; answer_help: string; answer_stop: string };
  };
  chat: {
    welcome_message: string;
    branding: { color: string; title: string; subtitle: string };
  };
}

/** RFC 7396: what is to change. */
export type Patch<T> = { [K in keyof T]?: T[K] extends unknown[] ? T[K] : T[K] extends object ? Patch<T[K]> : T[K] };
