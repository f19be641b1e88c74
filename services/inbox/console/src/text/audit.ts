import type { AuditEntry } from '../api/shapes';
import { kindWords } from './consent';
import { t, tn, within, worded } from './language.svelte';

/** What the audit log says, in sentences. */

export const nouns: Record<AuditEntry['object']['kind'], string> = worded({
  settings: 'Settings',
  user: 'People',
  invitation: 'Invitations',
  api_key: 'API keys',
  team: 'Teams',
  rule: 'Rules',
  view: 'Shared views',
  tag: 'Tags',
  quick_response: 'Quick responses',
  webhook: 'Webhooks',
  mailbox: 'Mailboxes',
  profile: 'Customers',
  coupon: 'Coupons',
  ledger: 'Ledger',
  number: 'Numbers',
  chat_site: 'Chat sites',
});

const called: Record<AuditEntry['object']['kind'], string> = worded({
  settings: 'the settings',
  user: 'the person',
  invitation: 'the invitation to',
  api_key: 'the API key',
  team: 'the team',
  rule: 'the rule',
  view: 'the shared view',
  tag: 'the tag',
  quick_response: 'the quick response',
  webhook: 'the webhook',
  mailbox: 'the mailbox',
  profile: 'the customer',
  coupon: 'the coupon',
  ledger: 'something that came in',
  number: 'the number',
  chat_site: 'the chat site',
});

/** What somebody did, behind their name. `thing` is what they did it to, with its kind; its name alone is in the entry. */
type Predicate = (thing: string, entry: AuditEntry) => string;

const fact = (entry: AuditEntry, field: string) => entry.changes.find((change) => change.field === field)?.after;
const passkey = (entry: AuditEntry) => String(fact(entry, 'passkey') ?? '');
const nameOf = ({ object }: AuditEntry) => object.name ?? '';

/** Where it is one's own, the person needs not be named again. */
const own = (entry: AuditEntry) => entry.actor.id !== '' && entry.actor.id === entry.object.id;

function signedIn(entry: AuditEntry): string {
  switch (fact(entry, 'with')) {
    case 'password':
      return t('signed in with a password');
    case 'sign_in_link':
      return t('signed in by a sign-in link');
    case 'invitation':
      return t('signed in by an invitation');
    case 'passkey':
      return t('signed in with a passkey');
    case 'oidc':
      return t('signed in through the identity provider');
    default:
      return t('signed in');
  }
}

function notSignedIn(entry: AuditEntry): string {
  const name = nameOf(entry);
  if (fact(entry, 'with') === 'oidc' && !fact(entry, 'disabled')) {
    return name ? t('was refused to sign in as {name} through the identity provider', { name }) : t('was refused to sign in through the identity provider');
  }
  if (!name) return t('was refused to sign in');
  if (fact(entry, 'disabled')) return t('was refused to sign in as {name} (shut out)', { name });
  if (fact(entry, 'with') === 'second_step') return t('was refused to sign in as {name} at the second step', { name });
  if (fact(entry, 'with') === 'passkey') return t('was refused to sign in as {name} with a passkey', { name });
  return fact(entry, 'with') === 'password' ? t('was refused to sign in as {name} with a password', { name }) : t('was refused to sign in as {name}', { name });
}

function passwordChanged(entry: AuditEntry): string {
  const mailed = fact(entry, 'with') === 'password_link';
  const name = nameOf(entry);
  if (!own(entry)) return mailed ? t('changed the password of the person {name} by a link that was mailed', { name }) : t('changed the password of the person {name}', { name });
  return mailed ? t('changed their password by a link that was mailed') : t('changed their password');
}

function sessionsEnded(entry: AuditEntry): string {
  const count = Number(fact(entry, 'sessions') ?? 1);
  if (own(entry)) return tn(count, 'ended a session of their own', 'ended {n} sessions of their own');
  return tn(count, 'ended a session of the person {name}', 'ended {n} sessions of the person {name}', { name: nameOf(entry) });
}

function consentRecorded(entry: AuditEntry): string {
  const kind = fact(entry, 'kind');
  const values = { name: entry.object.name ?? t('without a name'), kind: kind === 'marketing' || kind === 'transactional' ? kindWords[kind] : String(kind ?? '') };
  return fact(entry, 'state') === 'subscribed' ? t('recorded that the customer {name} agreed to {kind} texts', values) : t('recorded that the customer {name} refused {kind} texts', values);
}

const to = (entry: AuditEntry, named: (name: string) => string, nameless: string) => (entry.object.name ? named(entry.object.name) : nameless);

export const deeds: Record<AuditEntry['action'], { name: string; says: Predicate }> = {
  added: { get name() { return t('Added'); }, says: (thing) => t('added {thing}', { thing }) },
  changed: { get name() { return t('Changed'); }, says: (thing) => t('changed {thing}', { thing }) },
  removed: { get name() { return t('Removed'); }, says: (thing) => t('removed {thing}', { thing }) },
  reordered: { get name() { return t('Reordered'); }, says: (_, entry) => t('put the {things} into another order', { things: within(nouns[entry.object.kind]) }) },
  blocked: { get name() { return t('Blocked'); }, says: (_, entry) => to(entry, (name) => t('blocked the customer {name}', { name }), t('blocked a customer')) },
  unblocked: { get name() { return t('Unblocked'); }, says: (_, entry) => to(entry, (name) => t('unblocked the customer {name}', { name }), t('unblocked a customer')) },
  merged: { get name() { return t('Merged'); }, says: (_, entry) => to(entry, (name) => t('merged another customer into the customer {name}', { name }), t('merged two customers')) },
  unmerged: { get name() { return t('Merge undone'); }, says: (_, entry) => to(entry, (name) => t('took another customer out of the customer {name} again', { name }), t('took two customers apart again')) },
  consent_recorded: { get name() { return t('Consent recorded'); }, says: (_, entry) => consentRecorded(entry) },
  consent_imported: { get name() { return t('Consent imported'); }, says: (_, entry) => t('brought in words on consent of {n} customers', { n: Number(fact(entry, 'customers') ?? 0) }) },
  signed_in: { get name() { return t('Signed in'); }, says: (_, entry) => signedIn(entry) },
  signed_out: { get name() { return t('Signed out'); }, says: () => t('signed out') },
  sign_in_failed: { get name() { return t('Sign-in refused'); }, says: (_, entry) => notSignedIn(entry) },
  sessions_ended: { get name() { return t('Sessions ended'); }, says: (_, entry) => sessionsEnded(entry) },
  password_changed: { get name() { return t('Password changed'); }, says: (_, entry) => passwordChanged(entry) },
  password_forgotten: { get name() { return t('Password forgotten'); }, says: (_, entry) => to(entry, (name) => t('asked for a new password for {name}', { name }), t('asked for a new password')) },
  sign_in_link_made: { get name() { return t('Sign-in link made'); }, says: (_, entry) => t('made a sign-in link for the person {name}', { name: nameOf(entry) }) },
  secret_changed: { get name() { return t('Secret changed'); }, says: (_, entry) => (entry.object.kind === 'coupon' ? t('changed the code of the coupon {name}', { name: nameOf(entry) }) : t('changed the secret of the webhook {name}', { name: nameOf(entry) })) },
  tried: { get name() { return t('Tried out'); }, says: (thing) => t('tried out {thing}', { thing }) },
  invited_again: { get name() { return t('Invited again'); }, says: (_, entry) => t('sent the invitation to {name} again', { name: nameOf(entry) }) },
  accepted: { get name() { return t('Invitation accepted'); }, says: () => t('accepted the invitation') },
  codes_added: { get name() { return t('Codes added'); }, says: (_, entry) => t('added {n} codes to the coupon {name}', { n: Number(fact(entry, 'codes') ?? 0), name: nameOf(entry) }) },
  replayed: { get name() { return t('Sent through again'); }, says: () => t('sent something that came in through again') },
  second_step_on: { get name() { return t('Second step set up'); }, says: () => t('set up a second step at sign-in') },
  second_step_off: { get name() { return t('Second step switched off'); }, says: () => t('switched their second step at sign-in off') },
  second_step_reset: { get name() { return t('Second step reset'); }, says: (_, entry) => t('reset the second step of the person {name}', { name: nameOf(entry) }) },
  recovery_codes_made: { get name() { return t('Recovery codes made'); }, says: () => t('made new recovery codes') },
  recovery_code_used: { get name() { return t('Recovery code used'); }, says: () => t('signed in with a recovery code') },
  passkey_added: { get name() { return t('Passkey added'); }, says: (_, entry) => t('added the passkey {passkey}', { passkey: passkey(entry) }) },
  passkey_renamed: { get name() { return t('Passkey renamed'); }, says: (_, entry) => t('renamed the passkey {passkey} to {name}', { passkey: passkey(entry), name: String(fact(entry, 'name') ?? '') }) },
  passkey_removed: { get name() { return t('Passkey removed'); }, says: (_, entry) => t('removed the passkey {passkey}', { passkey: passkey(entry) }) },
  passkey_copied: { get name() { return t('Copied passkey refused'); }, says: (_, entry) => t('was refused to sign in as {name}: the passkey {passkey} may have been copied', { name: nameOf(entry), passkey: passkey(entry) }) },
  identity_linked: { get name() { return t('Linked to the identity provider'); }, says: () => t('came in through the identity provider for the first time') },
  identity_unlinked: { get name() { return t('Unlinked from the identity provider'); }, says: (_, entry) => (own(entry) ? t('unlinked themselves from the identity provider') : t('unlinked the person {name} from the identity provider', { name: nameOf(entry) })) },
  exported: { get name() { return t('Exported'); }, says: (_, entry) => to(entry, (name) => t('exported everything of the customer {name}', { name }), t('exported everything of a customer')) },
  erased: { get name() { return t('Erased'); }, says: () => t('erased a customer') },
};

function thing({ object }: AuditEntry): string {
  const kind = called[object.kind];
  if (object.kind === 'profile' && !object.name) return t('a customer');
  return object.kind === 'settings' || !object.name ? kind : `${kind} ${object.name}`;
}

/** "Ana changed the tag refund"; who was not let in is "Somebody". */
export function sentenceOf(entry: AuditEntry): { who: string; did: string } {
  const who = entry.actor.kind === 'nobody' ? t('Somebody') : entry.actor.name;
  return { who, did: deeds[entry.action].says(thing(entry), entry) };
}

/** Whether before and after are worth showing: those facts stand in the sentence otherwise. */
export function hasDetails(entry: AuditEntry): boolean {
  return entry.changes.length > 0 && ['added', 'changed', 'removed', 'reordered'].includes(entry.action);
}
