import { call } from './client';
import type {
  AddedKey,
  AddedUser,
  ApiKey,
  Attachment,
  Consent,
  LedgerEntry,
  Message,
  NewConsent,
  NewReply,
  Page,
  Patch,
  Profile,
  Role,
  Settings,
  SignedIn,
  Ticket,
  TicketPatch,
  User,
} from './shapes';

/** Every call the console makes, by noun. */

type Query = Record<string, string | undefined>;

export const sessions = {
  current: () => call<SignedIn>('GET', '/session'),
  signIn: (email: string, password: string) => call<SignedIn>('POST', '/session', { body: { email, password } }),
  signInWithLink: (token: string) => call<SignedIn>('POST', '/session', { body: { token } }),
  setPassword: (password: string) => call<void>('PUT', '/session/password', { body: { password } }),
  signOut: () => call<void>('DELETE', '/session'),
};

export const tickets = {
  list: (query: Query, signal?: AbortSignal) => call<Page<Ticket>>('GET', '/tickets', { query, ...(signal && { signal }) }),
  show: (id: string) => call<Ticket>('GET', `/tickets/${id}`),
  change: (id: string, patch: TicketPatch) => call<Ticket>('PATCH', `/tickets/${id}`, { body: patch }),
  /** Oldest first; `next_cursor` is the `before` of older ones. */
  messages: (id: string, before?: string) =>
    call<Page<Message>>('GET', `/tickets/${id}/messages`, { query: { limit: '50', before } }),
  typing: (id: string, on: boolean) => call<void>('POST', `/tickets/${id}/typing`, { body: { on } }),
  reply: (id: string, reply: NewReply, idempotencyKey: string) =>
    call<Message>('POST', `/tickets/${id}/messages`, { body: reply, idempotencyKey }),
  badge: () => call<{ unread_profiles: number }>('GET', '/badge'),
};

export const profiles = {
  show: (id: string) => call<Profile>('GET', `/profiles/${id}`),
  rename: (id: string, name: string) => call<Profile>('PATCH', `/profiles/${id}`, { body: { name: name || null } }),
  setBlocked: (id: string, blocked: boolean) => call<Profile>('POST', `/profiles/${id}/${blocked ? 'block' : 'unblock'}`),
  consents: async (id: string) => (await call<Page<Consent>>('GET', `/profiles/${id}/consent`)).data,
  recordConsent: (id: string, consent: NewConsent) =>
    call<Consent>('POST', `/profiles/${id}/consent`, { body: consent }),
};

export const settings = {
  show: () => call<Settings>('GET', '/settings'),
  change: (patch: Patch<Settings>) => call<Settings>('PATCH', '/settings', { body: patch }),
};

export const users = {
  list: async () => (await call<Page<User>>('GET', '/users')).data,
  add: (user: { email: string; name: string; role: Role }) =>
    call<AddedUser>('POST', '/users', { body: user }),
  signInLink: (id: string) => call<{ sign_in_link: string | null }>('POST', `/users/${id}/sign-in-link`),
  change: (id: string, patch: { role?: Role; disabled?: boolean; name?: string }) =>
    call<User>('PATCH', `/users/${id}`, { body: patch }),
};

export const keys = {
  list: async () => (await call<Page<ApiKey>>('GET', '/api-keys')).data,
  add: (name: string, role: Role) => call<AddedKey>('POST', '/api-keys', { body: { name, role } }),
  revoke: (id: string) => call<void>('DELETE', `/api-keys/${id}`),
};

export const ledger = {
  list: (query: Query) => call<Page<LedgerEntry>>('GET', '/ledger', { query }),
  replay: (id: string) => call<LedgerEntry>('POST', `/ledger/${id}/replay`),
};

export function upload(file: File): Promise<Attachment> {
  const form = new FormData();
  form.append('file', file, file.name);
  return call<Attachment>('POST', '/attachments', { body: form });
}
