import { Problem } from '../api/client';
import type { Carrier, ChatSite, Mailbox, MailboxSetup, NumberSetup, PhoneNumber, SiteSetup, TokensSetup } from '../api/shapes';
import { t } from './language.svelte';

/** What the forms of numbers, mailboxes and sites ask for, and what is made of the answers. */

/** How a carrier shows that a webhook is its own. */
export type Way = 'own' | 'webhook_secret' | 'basic';

const BASIC = ['webhook_user', 'webhook_password'];

/** The ways a carrier knows, its usual one first; `own` is a signature, or what the carrier does anyway. */
export function ways({ provider, proofs }: Carrier): Way[] {
  const known = proofs.map((name): Way => (name === 'webhook_secret' ? name : BASIC.includes(name) ? 'basic' : 'own'));
  // The sandbox signs with a key of the house.
  return [...new Set<Way>(provider === 'sandbox' ? ['own', ...known] : known)];
}

/** Which one a number has. */
export function wayOf(carrier: Carrier, before: PhoneNumber | null): Way {
  const [usual = 'webhook_secret'] = ways(carrier);
  if (!before || before.provider !== carrier.provider || before.proof === 'none') return usual;
  return before.proof === 'signature' ? 'own' : before.proof;
}

/** The credentials that a way needs besides those the carrier needs anyway. */
export function proofsOf({ needs, proofs }: Carrier, way: Way): string[] {
  const of = { own: (name: string) => name !== 'webhook_secret' && !BASIC.includes(name), webhook_secret: (name: string) => name === 'webhook_secret', basic: (name: string) => BASIC.includes(name) };
  return proofs.filter((name) => of[way](name) && !needs.includes(name));
}

/** Infobip gives each account an address of its own. */
export const needsBase = ({ provider }: Carrier) => provider === 'infobip';

/** Those that anybody may see over one's shoulder. */
export const isPlain = (name: string) => /(^region|_id|_sid|_arn|_user|_set|_method|^public_key|^signing_certificate)$/.test(name);

/** As the carrier's own pages call it; what is Frontdesk's alone has a word of its own. */
export function credentialName(name: string): string {
  if (name === 'webhook_secret') return t('Secret in the address');
  if (name === 'webhook_user') return t('Name the carrier signs in with');
  if (name === 'webhook_password') return t('Password the carrier signs in with');
  const words = name.replaceAll('_', ' ').replace(/\b(id|sid|arn|api)\b/g, (short) => short.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export interface NumberForm {
  number: string;
  provider: string;
  way: Way;
  /** What was typed, by name; nothing typed keeps what is set. */
  credentials: Record<string, string>;
  /** Names of those that are to go. */
  removed: string[];
  apiBase: string;
  rate: number | null;
  confirms: boolean;
}

export const numberForm = (before: PhoneNumber | null): NumberForm => ({
  number: before?.number ?? '',
  provider: before?.provider ?? '',
  way: 'own',
  credentials: {},
  removed: [],
  apiBase: before?.api_base ?? '',
  rate: before?.segments_per_second ?? null,
  confirms: before?.carrier_confirms_opt_out ?? false,
});

/** The names a form of this carrier shows, in their order. */
export const shownCredentials = (carrier: Carrier, way: Way) => [...carrier.needs, ...proofsOf(carrier, way), ...carrier.optional];

/** Those that are set already; another carrier's count for nothing. */
export const keptCredentials = (carrier: Carrier, before: PhoneNumber | null) =>
  before?.provider === carrier.provider ? before.credentials : [];

export function numberSetup(form: NumberForm, carrier: Carrier, before: PhoneNumber | null): NumberSetup {
  const shown = shownCredentials(carrier, form.way);
  const credentials: Record<string, string | null> = {};
  // Another way of proving replaces the one before: a secret in the address goes before any signature.
  for (const name of keptCredentials(carrier, before)) {
    const replaced = carrier.proofs.includes(name) && !shown.includes(name);
    if (replaced || (form.removed.includes(name) && !carrier.needs.includes(name))) credentials[name] = null;
  }
  for (const name of shown) {
    const typed = form.credentials[name]?.trim();
    if (typed) credentials[name] = typed;
  }
  return { provider: carrier.provider, api_base: form.apiBase.trim() || null, segments_per_second: form.rate || null, carrier_confirms_opt_out: form.confirms, credentials };
}

/** A number as it is written down: without what people put between digits. */
export const plainNumber = (typed: string) => typed.replace(/[\s().\-/\u2010-\u2015]/g, '').replace(/^00(?=[1-9])/, '+');

/** An international number, or a short code. */
export const isNumber = (number: string) => /^(\+[1-9]\d{6,14}|\d{3,8})$/.test(number);

/** Where the carrier is to call, with the secret that was just typed in its place. */
export const webhookAddress = ({ webhook_url }: PhoneNumber, secret = '') =>
  secret ? webhook_url.replace('<webhook_secret>', encodeURIComponent(secret)) : webhook_url;

export interface MailboxForm {
  address: string;
  inbound: string;
  by: 'forward' | 'imap';
  url: string;
  user: string;
  /** It signs in with access tokens. */
  tokens: boolean;
  password: string;
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  /** The provider has none any more. */
  withoutClientSecret: boolean;
  refreshToken: string;
  scope: string;
  folder: string;
  moveTo: string;
  pollSeconds: number | null;
  allowPlain: boolean;
  plusAddresses: boolean;
}

export const mailboxForm = (before: Mailbox | null): MailboxForm => ({
  address: before?.address ?? '',
  inbound: before?.inbound ?? '',
  by: before?.imap ? 'imap' : 'forward',
  url: before?.imap?.server ?? '',
  user: before?.imap?.user ?? '',
  tokens: Boolean(before?.imap?.oauth),
  password: '',
  tokenUrl: before?.imap?.oauth?.token_url ?? '',
  clientId: before?.imap?.oauth?.client_id ?? '',
  clientSecret: '',
  withoutClientSecret: false,
  refreshToken: '',
  scope: before?.imap?.oauth?.scope ?? '',
  folder: before?.imap?.folder ?? 'INBOX',
  moveTo: before?.imap?.move_to ?? '',
  pollSeconds: before?.imap?.poll_seconds ?? null,
  allowPlain: before?.imap?.allow_plain ?? false,
  plusAddresses: before?.imap?.plus_addresses ?? false,
});

export function mailboxSetup(form: MailboxForm): MailboxSetup {
  if (form.by === 'forward') return { inbound: form.inbound.trim(), imap: null };
  return {
    // Nothing is forwarded: its own address is the only one there is.
    inbound: form.inbound.trim() || form.address.trim(),
    imap: {
      url: form.url.trim(),
      user: form.user.trim(),
      ...(form.tokens ? { oauth: tokensSetup(form) } : { oauth: null, ...(form.password && { password: form.password }) }),
      folder: form.folder.trim() || 'INBOX',
      move_to: form.moveTo.trim() || null,
      ...(form.pollSeconds && { poll_seconds: form.pollSeconds }),
      allow_plain: form.allowPlain,
      plus_addresses: form.plusAddresses,
    },
  };
}

function tokensSetup(form: MailboxForm): TokensSetup {
  const [clientSecret, refreshToken] = [form.clientSecret.trim(), form.refreshToken.trim()];
  return {
    token_url: form.tokenUrl.trim(),
    client_id: form.clientId.trim(),
    ...(clientSecret ? { client_secret: clientSecret } : form.withoutClientSecret && { client_secret: null }),
    ...(refreshToken && { refresh_token: refreshToken }),
    scope: form.scope.trim() || null,
  };
}

/** Where a mailbox might forward to: at a name below the one this page is read at. */
export function suggestedInbound(address: string, host: string): string {
  const local = address.split('@')[0]?.trim() || 'support';
  const domain = /[a-z]/i.test(host) && host.includes('.') ? host : (address.split('@')[1]?.trim() || 'example.com');
  return `${local}@in.${domain}`;
}

export interface SiteForm {
  id: string;
  origins: string;
  /** Nothing typed keeps what is set. */
  secret: string;
  /** It is not to sign its visitors any more. */
  unsigned: boolean;
}

export const siteForm = (before: ChatSite | null): SiteForm => ({
  id: before?.id ?? '',
  origins: before?.allowed_origins.join('\n') ?? '',
  secret: '',
  unsigned: false,
});

export function siteSetup(form: SiteForm): SiteSetup {
  const secret = form.secret.trim();
  return { allowed_origins: origins(form.origins), ...(secret ? { identity_secret: secret } : form.unsigned && { identity_secret: null }) };
}

/** One in a line; the address of a page counts as its origin. */
export function origins(lines: string): string[] {
  const all = lines.split(/[\s,]+/).filter(Boolean).map((line) => (URL.canParse(line) && /^https?:/i.test(line) ? new URL(line).origin : line));
  return [...new Set(all)];
}

/** What goes onto the pages of a site. */
export const snippetOf = ({ id, script_url }: Pick<ChatSite, 'id' | 'script_url'>) => `<script src="${script_url}" data-site="${id}" async><\/script>`;

/** A secret nobody can guess: 32 random bytes. */
export function newSecret(fill: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (bytes) => crypto.getRandomValues(bytes)): string {
  return [...fill(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What the server says about the fields of a form; that one of this name is there belongs to the field that names it. */
export function setupFaults(error: unknown, field: string, name: string): Record<string, string> {
  if (error instanceof Problem && error.code === 'already_set_up') return { [field]: t('{name} is there already.', { name }) };
  return fieldFaults(error);
}

/** What the server says about fields, by their names; `allowed_origins[1]` is about `allowed_origins`. */
export function fieldFaults(error: unknown): Record<string, string> {
  const said = error instanceof Problem ? error.members['fields'] : null;
  if (typeof said !== 'object' || said === null) return {};
  return Object.fromEntries(Object.entries(said).map(([path, text]) => [path.replace(/\[\d+\]$/, ''), String(text)]));
}
