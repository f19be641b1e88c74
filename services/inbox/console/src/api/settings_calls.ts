import type { Query } from './calls';
import { call } from './client';
import type {
  AddedKey,
  AddedWebhook,
  ApiKey,
  AuditEntry,
  Carrier,
  ChatSite,
  Invitation,
  Mailbox,
  MailboxSetup,
  NewWebhook,
  NumberSetup,
  Page,
  PhoneNumber,
  Role,
  Rule,
  RuleDraft,
  RuleTrial,
  SiteSetup,
  TicketsOver,
  Webhook,
  WebhookDelivery,
  WebhookPatch,
} from './shapes';

/** Calls of settings' pages alone, which come when one is opened. */

export const invitations = {
  list: async () => (await call<Page<Invitation>>('GET', '/invitations')).data,
  add: (invitation: { email: string; name: string; role: Role }) => call<Invitation>('POST', '/invitations', { body: invitation }),
  resend: (id: string) => call<Invitation>('POST', `/invitations/${id}/resend`),
  revoke: (id: string) => call<void>('DELETE', `/invitations/${id}`),
};

export const audit = {
  list: (query: Query) => call<Page<AuditEntry>>('GET', '/audit', { query }),
};

export const retention = {
  /** How many closed tickets would go at once if they were kept for so many days. */
  plan: (days: { sms_days: number; email_days: number; chat_days: number }) => call<TicketsOver>('GET', '/retention', { query: Object.fromEntries(Object.entries(days).map(([key, value]) => [key, String(value)])) }),
};

/** A number, a mailbox or a site, by what it is known by. */
const channel = <Shown, Setup>(kind: string) => ({
  /** Where it is to be `added`, one that is there already is not changed. */
  setUp: (name: string, setup: Setup, added: boolean) => call<Shown>('PUT', `/${kind}/${encodeURIComponent(name)}`, { body: setup, onlyIfNew: added }),
  remove: (name: string) => call<void>('DELETE', `/${kind}/${encodeURIComponent(name)}`),
});

export const channels = {
  number: channel<PhoneNumber, NumberSetup>('numbers'),
  mailbox: channel<Mailbox, MailboxSetup>('mailboxes'),
  site: channel<ChatSite, SiteSetup>('chat-sites'),
  carriers: async () => (await call<Page<Carrier>>('GET', '/carriers')).data,
};

export const rules = {
  list: async () => (await call<Page<Rule>>('GET', '/rules')).data,
  add: (rule: RuleDraft) => call<Rule>('POST', '/rules', { body: rule }),
  change: (id: string, rule: Partial<RuleDraft>) => call<Rule>('PATCH', `/rules/${id}`, { body: rule }),
  remove: (id: string) => call<void>('DELETE', `/rules/${id}`),
  order: async (ids: string[]) => (await call<Page<Rule>>('POST', '/rules/order', { body: { ids } })).data,
  /** What a rule would have done to the newest tickets. */
  dryRun: async (rule: RuleDraft) => (await call<Page<RuleTrial>>('POST', '/rules/dry-run', { body: { rule } })).data,
};

export const keys = {
  list: async () => (await call<Page<ApiKey>>('GET', '/api-keys')).data,
  add: (name: string, role: Role) => call<AddedKey>('POST', '/api-keys', { body: { name, role } }),
  revoke: (id: string) => call<void>('DELETE', `/api-keys/${id}`),
};

export const webhooks = {
  list: async () => (await call<Page<Webhook>>('GET', '/webhooks')).data,
  add: (webhook: NewWebhook) => call<AddedWebhook>('POST', '/webhooks', { body: webhook }),
  change: (id: string, patch: WebhookPatch) => call<Webhook>('PATCH', `/webhooks/${id}`, { body: patch }),
  remove: (id: string) => call<void>('DELETE', `/webhooks/${id}`),
  /** Gives it a new secret. */
  changeSecret: (id: string) => call<AddedWebhook>('POST', `/webhooks/${id}/secret`),
  /** Tells it that this is a try-out. */
  test: (id: string) => call<WebhookDelivery>('POST', `/webhooks/${id}/test`),
  deliveries: async (id: string) => (await call<Page<WebhookDelivery>>('GET', `/webhooks/${id}/deliveries`)).data,
  /** Tells something again, under the same id. */
  replay: (id: string, delivery: string) => call<WebhookDelivery>('POST', `/webhooks/${id}/deliveries/${delivery}/replay`),
};
