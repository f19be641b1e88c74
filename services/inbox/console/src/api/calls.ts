import { call } from './client';
import type {
  AddedCodes,
  AddedUser,
  AgentPresence,
  AnswerPreview,
  Attachment,
  Availability,
  AvailabilityPatch,
  Bulk,
  BulkChange,
  ChatSite,
  Consent,
  Coupon,
  CouponGiven,
  CouponPatch,
  Decision,
  Draft,
  DraftMark,
  Erasure,
  ErasurePlan,
  Found,
  LedgerEntry,
  Mailbox,
  MailboxTrial,
  Merge,
  MergePlan,
  Message,
  NewConsent,
  NewCoupon,
  NewReply,
  Note,
  OpenSession,
  Page,
  Patch,
  PendingSignIn,
  PhoneNumber,
  Preferences,
  PreferencesPatch,
  Profile,
  QuickResponse,
  RecipientTime,
  ReplyRecipients,
  Role,
  SaveDraft,
  SavedDraft,
  SavedView,
  Settings,
  SignedIn,
  SmsPreview,
  Tag,
  TagDraft,
  Team,
  TeamDraft,
  Ticket,
  TicketPatch,
  User,
  ViewCounts,
  ViewFilters,
  Welcome,
} from './shapes';

/** Every call the console makes, by noun. */

/** In, or to the second step. */
export type Came = SignedIn | PendingSignIn;

export type Query = Record<string, string | undefined>;

export const sessions = {
  current: () => call<SignedIn>('GET', '/session'),
  signIn: (email: string, password: string) => call<Came>('POST', '/session', { body: { email, password } }),
  signInWithLink: (token: string) => call<Came>('POST', '/session', { body: { token } }),
  setPassword: (password: string, current?: string) => call<void>('PUT', '/session/password', { body: { password, current } }),
  signOut: () => call<void>('DELETE', '/session'),
  /** Where one is signed in. */
  all: async () => (await call<Page<OpenSession>>('GET', '/session/all')).data,
  end: (id: string) => call<void>('DELETE', `/session/all/${id}`),
  endOthers: () => call<void>('DELETE', '/session/others'),
  /** Asks for a link to choose a new password. */
  forgotten: (email: string) => call<void>('POST', '/session/forgotten', { body: { email } }),
  choosePassword: (token: string, password: string) => call<void>('PUT', '/session/forgotten', { body: { token, password } }),
  invitation: (token: string) => call<Welcome>('POST', '/session/invitation/show', { body: { token } }),
  accept: (token: string, name: string, password: string) =>
    call<Came>('POST', '/session/invitation', { body: { token, name, password } }),
};

export const tickets = {
  list: (query: Query, signal?: AbortSignal) => call<Page<Ticket>>('GET', '/tickets', { query, ...(signal && { signal }) }),
  show: (id: string) => call<Ticket>('GET', `/tickets/${id}`),
  change: (id: string, patch: TicketPatch) => call<Ticket>('PATCH', `/tickets/${id}`, { body: patch }),
  /** Oldest first; `next_cursor` is the `before` of older ones. */
  messages: (id: string, before?: string) =>
    call<Page<Message>>('GET', `/tickets/${id}/messages`, { query: { limit: '50', before } }),
  typing: (id: string, on: boolean) => call<void>('POST', `/tickets/${id}/typing`, { body: { on } }),
  presence: (id: string, window: string, state: AgentPresence['state']) =>
    call<void>('POST', `/tickets/${id}/presence`, { body: { window, state } }),
  reply: (id: string, reply: NewReply, idempotencyKey: string) =>
    call<Message>('POST', `/tickets/${id}/messages`, { body: reply, idempotencyKey }),
  /** Takes back a message that waits for its time. */
  cancel: (id: string, messageId: string) => call<Message>('POST', `/tickets/${id}/messages/${messageId}/cancel`),
  /** Takes back an answer of one's own that waits: the answer is the draft it is again. */
  undoReply: (id: string, messageId: string) => call<Draft>('POST', `/tickets/${id}/messages/${messageId}/undo`),
  sendNow: (id: string, messageId: string, override: boolean) =>
    call<Message>('POST', `/tickets/${id}/messages/${messageId}/send-now`, { body: { quiet_hours_override: override } }),
  recipientTime: (id: string) => call<RecipientTime>('GET', `/tickets/${id}/recipient-time`),
  /** The mail after a left chat: not at all. */
  cancelFollowUp: (id: string) => call<Ticket>('POST', `/tickets/${id}/follow-up/cancel`),
  /** The mail after a left chat: at once. */
  sendFollowUp: (id: string) => call<Ticket>('POST', `/tickets/${id}/follow-up/send-now`),
  /** To whom "reply all" goes. */
  replyRecipients: (id: string) => call<ReplyRecipients>('GET', `/tickets/${id}/reply-recipients`),
  /** How many match; 1001 stands for "more than 1000". */
  count: (query: Query) => call<{ count: number }>('GET', '/tickets/count', { query }),
  search: (query: Query) => call<Page<Found>>('GET', '/search', { query }),
  /** Many at once. */
  bulk: (change: BulkChange) => call<Bulk>('POST', '/tickets/bulk', { body: change }),
  bulkShow: (id: string) => call<Bulk>('GET', `/bulk/${id}`),
  undo: (token: string) => call<Bulk>('POST', `/undo/${token}`),
  badge: () => call<{ unread_profiles: number }>('GET', '/badge'),
};

export const preferences = {
  show: () => call<Preferences>('GET', '/preferences'),
  change: (patch: PreferencesPatch) => call<Preferences>('PATCH', '/preferences', { body: patch }),
};

export const views = {
  list: async () => (await call<Page<SavedView>>('GET', '/views')).data,
  add: (view: { name: string; shared: boolean; filters: ViewFilters }) => call<SavedView>('POST', '/views', { body: view }),
  change: (id: string, patch: { name?: string; shared?: boolean; filters?: ViewFilters; position?: number }) =>
    call<SavedView>('PATCH', `/views/${id}`, { body: patch }),
  remove: (id: string) => call<void>('DELETE', `/views/${id}`),
  counts: () => call<ViewCounts>('GET', '/views/counts'),
};

export const mails = {
  /** Makes a ticket of one mail. */
  split: (ticketId: string, messageId: string) => call<Ticket>('POST', `/tickets/${ticketId}/split`, { body: { message_id: messageId } }),
  move: (messageId: string, ticketId: string) => call<unknown>('POST', `/messages/${messageId}/move`, { body: { ticket_id: ticketId } }),
};

export const drafts = {
  /** Which tickets have one. */
  list: async () => (await call<Page<DraftMark>>('GET', '/drafts')).data,
  show: (ticketId: string) => call<Draft>('GET', `/tickets/${ticketId}/draft`),
  save: (ticketId: string, draft: SaveDraft) => call<SavedDraft>('PUT', `/tickets/${ticketId}/draft`, { body: draft }),
};

export const notes = {
  /** The newest, oldest first. */
  about: async (ticketId: string) => (await call<Page<Note>>('GET', `/tickets/${ticketId}/notes`)).data,
  add: (ticketId: string, text: string, idempotencyKey: string) =>
    call<Note>('POST', `/tickets/${ticketId}/notes`, { body: { text }, idempotencyKey }),
  remove: (id: string) => call<void>('DELETE', `/notes/${id}`),
};

export const quickResponses = {
  list: async () => (await call<Page<QuickResponse>>('GET', '/quick-responses')).data,
  add: (title: string, text: string) => call<QuickResponse>('POST', '/quick-responses', { body: { title, text } }),
  change: (id: string, patch: { title?: string; text?: string }) =>
    call<QuickResponse>('PATCH', `/quick-responses/${id}`, { body: patch }),
  remove: (id: string) => call<void>('DELETE', `/quick-responses/${id}`),
  /** What it says in a ticket. */
  fill: (id: string, ticketId: string) => call<{ text: string }>('POST', `/quick-responses/${id}/fill`, { body: { ticket_id: ticketId } }),
};

export const coupons = {
  list: async () => (await call<Page<Coupon>>('GET', '/coupons')).data,
  add: (coupon: NewCoupon) => call<Coupon>('POST', '/coupons', { body: coupon }),
  change: (id: string, patch: CouponPatch) => call<Coupon>('PATCH', `/coupons/${id}`, { body: patch }),
  remove: (id: string) => call<void>('DELETE', `/coupons/${id}`),
  addCodes: (id: string, codes: string) => call<AddedCodes>('POST', `/coupons/${id}/codes`, { body: { codes } }),
  given: async (id: string) => (await call<Page<CouponGiven>>('GET', `/coupons/${id}/given`)).data,
};

export const texts = {
  preview: (text: string, signal?: AbortSignal) =>
    call<SmsPreview>('POST', '/sms/preview', { body: { text }, ...(signal && { signal }) }),
  numbers: async () => (await call<Page<PhoneNumber>>('GET', '/numbers')).data,
  /** Any automatic text, with its variables filled in. */
  previewAnswer: (draft: { mode?: string; text?: string }, signal?: AbortSignal) =>
    call<AnswerPreview>('POST', '/settings/auto-responder/preview', { body: draft, ...(signal && { signal }) }),
};

export const mailboxes = {
  list: async () => (await call<Page<Mailbox>>('GET', '/mailboxes')).data,
  /** Sends a trial mail to its public address. */
  try: (address: string) => call<MailboxTrial>('POST', `/mailboxes/${encodeURIComponent(address)}/trial`),
};

export const chat = {
  sites: async () => (await call<Page<ChatSite>>('GET', '/chat-sites')).data,
};

export const profiles = {
  show: (id: string) => call<Profile>('GET', `/profiles/${id}`),
  list: async (q: string) => (await call<Page<Profile>>('GET', '/profiles', { query: { q, limit: '20' } })).data,
  /** What merging another one into it would do. */
  mergePlan: (id: string, other: string) => call<MergePlan>('GET', `/profiles/${id}/merge`, { query: { with: other } }),
  merge: (id: string, other: string) => call<Merge>('POST', `/profiles/${id}/merge`, { body: { profile_id: other } }),
  unmerge: (id: string, merge: string) => call<Profile>('POST', `/profiles/${id}/unmerge`, { body: { merge_id: merge } }),
  merges: async (id: string) => (await call<Page<Merge>>('GET', `/profiles/${id}/merges`)).data,
  /** What erasing the person would take. */
  erasurePlan: (id: string) => call<ErasurePlan>('GET', `/profiles/${id}/erase`),
  erase: (id: string, confirm: string) => call<Erasure>('POST', `/profiles/${id}/erase`, { body: { confirm } }),
  erasure: (id: string) => call<Erasure>('GET', `/erasures/${id}`),
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
  sessions: async (id: string) => (await call<Page<OpenSession>>('GET', `/users/${id}/sessions`)).data,
  endSessions: (id: string) => call<void>('DELETE', `/users/${id}/sessions`),
  change: (id: string, patch: { role?: Role; disabled?: boolean; name?: string }) =>
    call<User>('PATCH', `/users/${id}`, { body: patch }),
};

/** Where the lines of the audit log are as a file. */
export function auditFile(query: Query): string {
  return `/api/v1/audit.csv?${new URLSearchParams(Object.entries(query).filter((entry): entry is [string, string] => !!entry[1]))}`;
}

export const routing = {
  teams: async () => (await call<Page<Team>>('GET', '/teams')).data,
  addTeam: (team: TeamDraft) => call<Team>('POST', '/teams', { body: team }),
  changeTeam: (id: string, team: TeamDraft) => call<Team>('PATCH', `/teams/${id}`, { body: team }),
  removeTeam: (id: string) => call<void>('DELETE', `/teams/${id}`),
  availability: async () => (await call<Page<Availability>>('GET', '/availability')).data,
  /** Of somebody, or of `me`. */
  say: (id: string, patch: AvailabilityPatch) => call<Availability>('PATCH', `/users/${id}/availability`, { body: patch }),
  /** What rules did to a ticket, newest first. */
  decisions: async (ticketId: string) => (await call<Page<Decision>>('GET', `/tickets/${ticketId}/decisions`)).data,
};

export const tags = {
  list: async () => (await call<Page<Tag>>('GET', '/tags')).data,
  add: (tag: TagDraft) => call<Tag>('POST', '/tags', { body: tag }),
  change: (id: string, tag: TagDraft) => call<Tag>('PATCH', `/tags/${id}`, { body: tag }),
  /** Takes it off every ticket; the answer says how to undo that. */
  remove: (id: string) => call<Bulk>('DELETE', `/tags/${id}`),
};

export const ledger = {
  list: (query: Query) => call<Page<LedgerEntry>>('GET', '/ledger', { query }),
  replay: (id: string) => call<LedgerEntry>('POST', `/ledger/${id}/replay`),
};

/** Puts up a picture that lies on the internet. */
export const uploadFrom = (url: string) => call<Attachment>('POST', '/attachments/url', { body: { url } });

export function upload(file: File): Promise<Attachment> {
  const form = new FormData();
  form.append('file', file, file.name);
  return call<Attachment>('POST', '/attachments', { body: form });
}
