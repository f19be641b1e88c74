// What the panel shows, all of it.

import type { Phase } from './connection';
import type { Branding, Field, Office, PastChat, Ticket } from './protocol';
import type { Item } from './thread';

export interface View {
  phase: Phase;
  /** The first `ready` has come. */
  known: boolean;
  items: Item[];
  /** Earlier chats, to be read only, oldest first. */
  history: PastChat[];
  ticket: Ticket | null;
  office: Office;
  /** An agent is there just now; `null` when it is not known. */
  agents: boolean | null;
  branding: Branding;
  /** What is asked before the chat begins. */
  form: Field[];
  /** The organisation's languages; empty for all. */
  languages: string[];
  /** Who types on the other side. */
  typing: string | null;
  unread: number;
  /** An agent has seen everything up to this number. */
  readUpTo: number;
  /** Worth asking for a way to reach the visitor. */
  asking: boolean;
  /** Who the visitor is, as far as they said so. */
  email: string;
  /** The server did not take the address of this question. */
  badEmail: 'ask' | 'transcript' | null;
  /** The conversation is on its way to this address. */
  mailed: string | null;
  /** Worth asking how it was; answered. */
  rating: 'ask' | 'done' | null;
}

export const DEFAULT_BRANDING: Branding = { color: '#2f5bd7', title: '', subtitle: '', welcome_message: '' };

export const FIRST_VIEW: View = {
  phase: 'connecting',
  known: false,
  items: [],
  history: [],
  ticket: null,
  office: { open: null, next_open_at: null },
  agents: null,
  branding: DEFAULT_BRANDING,
  form: [],
  languages: [],
  typing: null,
  unread: 0,
  readUpTo: 0,
  asking: false,
  email: '',
  badEmail: null,
  mailed: null,
  rating: null,
};

/** Nobody will answer at once. */
export const away = (view: View): boolean => view.office.open === false || view.agents === false;
