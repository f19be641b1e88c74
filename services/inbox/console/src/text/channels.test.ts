import { describe, expect, it } from 'vitest';
import { Problem } from '../api/client';
import type { Carrier, Mailbox, PhoneNumber } from '../api/shapes';
import {
  credentialName, fieldFaults, isNumber, isPlain, keptCredentials, mailboxForm, mailboxSetup, newSecret, numberForm, numberSetup, origins, plainNumber,
  proofsOf, setupFaults, shownCredentials, siteForm, siteSetup, snippetOf, suggestedInbound, wayOf, ways, webhookAddress,
} from './channels';

const carrier = (provider: string, needs: string[], proofs: string[], optional: string[] = []): Carrier => ({ provider, name: provider, needs, optional, proofs });
const twilio = carrier('twilio', ['account_sid', 'auth_token'], ['auth_token', 'webhook_secret'], ['messaging_service_sid']);
const vonage = carrier('vonage', ['api_key', 'api_secret'], ['signing_key', 'webhook_secret'], ['signature_method']);
const bandwidth = carrier('bandwidth', ['account_id'], ['webhook_user', 'webhook_password', 'webhook_secret']);
const infobip = carrier('infobip', ['api_key'], ['webhook_secret', 'webhook_user', 'webhook_password']);
const sandbox = carrier('sandbox', [], ['webhook_secret'], ['secret']);

const number = (more: Partial<PhoneNumber>): PhoneNumber => ({
  number: '+15550002222', provider: 'vonage', proof: 'signature', webhook_url: 'https://desk.example/webhooks/sms/vonage', segments_per_second: null,
  carrier_confirms_opt_out: false, subscribe_words: [], queued: 0, owner: 'console', is_live: true, api_base: null, credentials: ['api_key', 'api_secret', 'signing_key'], ...more,
});

describe('the form of a carrier', () => {
  it('asks first for what is needed, then for what proves webhooks', () => {
    expect(shownCredentials(twilio, 'own')).toEqual(['account_sid', 'auth_token', 'messaging_service_sid']);
    expect(shownCredentials(vonage, 'own')).toEqual(['api_key', 'api_secret', 'signing_key', 'signature_method']);
    expect(shownCredentials(vonage, 'webhook_secret')).toEqual(['api_key', 'api_secret', 'webhook_secret', 'signature_method']);
    expect(proofsOf(bandwidth, 'basic')).toEqual(['webhook_user', 'webhook_password']);
  });

  it('offers the ways of proving that the carrier knows, its usual one first', () => {
    expect(ways(twilio)).toEqual(['own', 'webhook_secret']);
    expect(ways(bandwidth)).toEqual(['basic', 'webhook_secret']);
    expect(ways(infobip)).toEqual(['webhook_secret', 'basic']);
    expect(ways(sandbox)).toEqual(['own', 'webhook_secret']);
  });

  it('begins with the way that a number has', () => {
    expect(wayOf(vonage, null)).toBe('own');
    expect(wayOf(vonage, number({ proof: 'webhook_secret' }))).toBe('webhook_secret');
    expect(wayOf(vonage, number({ proof: 'none' }))).toBe('own');
    expect(wayOf(infobip, number({ proof: 'signature' }))).toBe('webhook_secret');
  });

  it('hides what is secret, and calls things as the carrier does', () => {
    expect(['account_sid', 'region', 'topic_arn', 'public_key', 'webhook_user'].every(isPlain)).toBe(true);
    expect(['auth_token', 'api_key', 'api_secret', 'signing_key', 'webhook_password', 'secret_access_key', 'webhook_secret'].some(isPlain)).toBe(false);
    expect(credentialName('account_sid')).toBe('Account SID');
    expect(credentialName('api_key')).toBe('API key');
    expect(credentialName('topic_arn')).toBe('Topic ARN');
  });
});

describe('what is sent of a number', () => {
  it('names what was typed, and keeps the rest', () => {
    const before = number({});
    const form = { ...numberForm(before), credentials: { api_secret: ' new ', signing_key: '' }, rate: 3 };
    expect(numberSetup(form, vonage, before)).toEqual({
      provider: 'vonage', api_base: null, segments_per_second: 3, carrier_confirms_opt_out: false, credentials: { api_secret: 'new' },
    });
  });

  it('takes back what another way of proving replaces, and what is removed', () => {
    const before = number({ credentials: ['api_key', 'api_secret', 'webhook_secret', 'signature_method'], proof: 'webhook_secret' });
    const form = { ...numberForm(before), way: 'own' as const, credentials: { signing_key: 'k' }, removed: ['signature_method', 'api_key'] };
    expect(numberSetup(form, vonage, before).credentials).toEqual({ webhook_secret: null, signing_key: 'k', signature_method: null });
  });

  it('leaves what was typed for another carrier or another way', () => {
    const form = { ...numberForm(null), way: 'own' as const, credentials: { api_key: 'of another', account_sid: 'AC1', auth_token: 't', webhook_secret: 'w' } };
    expect(numberSetup(form, twilio, null).credentials).toEqual({ account_sid: 'AC1', auth_token: 't' });
    expect(keptCredentials(twilio, number({}))).toEqual([]);
  });

  it('is a plain number', () => {
    expect(plainNumber(' +1 (555) 000-22.22 ')).toBe('+15550002222');
    expect(plainNumber('0049 30 1234567')).toBe('+49301234567');
    expect(['+15550002222', '12345'].every(isNumber)).toBe(true);
    expect(['', '15550002222x', '+0555', '5550002222'].some(isNumber)).toBe(false);
  });

  it('is called at an address with the secret that was just typed', () => {
    const secret = number({ webhook_url: 'https://desk.example/webhooks/sms/vonage/<webhook_secret>' });
    expect(webhookAddress(secret, 'a b')).toBe('https://desk.example/webhooks/sms/vonage/a%20b');
    expect(webhookAddress(secret)).toContain('<webhook_secret>');
  });
});

describe('what is sent of a mailbox', () => {
  const forwarded = { ...mailboxForm(null), address: 'help@acme.example', inbound: ' help@in.acme.example ' };

  it('is where it forwards to', () => {
    expect(mailboxSetup(forwarded)).toEqual({ inbound: 'help@in.acme.example', imap: null });
  });

  it('or how it is read; no password keeps the one that is set', () => {
    const imap = { server: 'imaps://mail.acme.example', user: 'help', folder: 'Support', move_to: 'Done', poll_seconds: 60, allow_plain: false, plus_addresses: true, has_password: true, oauth: null } as Mailbox['imap'];
    const form = mailboxForm({ address: 'help@acme.example', inbound: 'help@acme.example', imap } as Mailbox);
    const kept = { url: 'imaps://mail.acme.example', user: 'help', folder: 'Support', move_to: 'Done', poll_seconds: 60, allow_plain: false, plus_addresses: true, oauth: null };
    expect(mailboxSetup(form)).toEqual({ inbound: 'help@acme.example', imap: kept });
    expect(mailboxSetup({ ...form, password: ' p ', moveTo: '', folder: '', pollSeconds: null }).imap).toEqual({
      url: kept.url, user: 'help', password: ' p ', folder: 'INBOX', move_to: null, allow_plain: false, plus_addresses: true, oauth: null,
    });
    expect(mailboxSetup({ ...forwarded, by: 'imap', inbound: '' }).inbound).toBe('help@acme.example');
  });

  it('or with which tokens; what is not typed keeps what is set', () => {
    const oauth = { token_url: 'https://id.example/token', client_id: 'us', has_client_secret: true, scope: 'mail' };
    const imap = { server: 'imaps://mail.acme.example', user: 'help', oauth, has_password: false } as Mailbox['imap'];
    const form = mailboxForm({ address: 'help@acme.example', inbound: 'help@acme.example', imap } as Mailbox);
    const kept = { token_url: 'https://id.example/token', client_id: 'us', scope: 'mail' };
    expect(mailboxSetup(form).imap).toMatchObject({ oauth: kept });
    expect(mailboxSetup({ ...form, password: 'left from before' }).imap).not.toHaveProperty('password');
    expect(mailboxSetup({ ...form, clientSecret: ' s ', refreshToken: ' r\n', scope: '' }).imap?.oauth).toEqual({ ...kept, client_secret: 's', refresh_token: 'r', scope: null });
    expect(mailboxSetup({ ...form, withoutClientSecret: true }).imap?.oauth).toEqual({ ...kept, client_secret: null });
  });

  it('has a suggestion for where to forward', () => {
    expect(suggestedInbound('help@acme.example', 'desk.acme.example')).toBe('help@in.desk.acme.example');
    expect(suggestedInbound('help@acme.example', 'localhost')).toBe('help@in.acme.example');
    expect(suggestedInbound('', '127.0.0.1')).toBe('support@in.example.com');
  });
});

describe('what is sent of a site', () => {
  it('has an origin a line', () => {
    expect(origins('https://shop.example/cart?a=1\n\nhttp://localhost:3000, https://shop.example\nshop')).toEqual(['https://shop.example', 'http://localhost:3000', 'shop']);
  });

  it('keeps its secret unless another is typed or it is taken away', () => {
    const form = { ...siteForm(null), origins: 'https://a.example' };
    expect(siteSetup(form)).toEqual({ allowed_origins: ['https://a.example'] });
    expect(siteSetup({ ...form, secret: 'x', unsigned: true })).toEqual({ allowed_origins: ['https://a.example'], identity_secret: 'x' });
    expect(siteSetup({ ...form, unsigned: true })).toEqual({ allowed_origins: ['https://a.example'], identity_secret: null });
  });

  it('has a secret that is made of dice, and a snippet', () => {
    expect(newSecret((bytes) => bytes.fill(10))).toBe('0a'.repeat(32));
    expect(newSecret()).not.toBe(newSecret());
    expect(snippetOf({ id: 'shop', script_url: 'https://d.example/chat/widget.js' })).toBe('<script src="https://d.example/chat/widget.js" data-site="shop" async></script>');
  });
});

it('knows which field the server means', () => {
  const fields = { 'credentials.auth_token': 'twilio needs it', 'allowed_origins[1]': 'is no origin' };
  expect(fieldFaults(new Problem(422, 'validation', 'no', { fields }))).toEqual({ 'credentials.auth_token': 'twilio needs it', allowed_origins: 'is no origin' });
  expect(fieldFaults(new Error('x'))).toEqual({});
});

it('says at its name that one is there already', () => {
  const there = new Problem(412, 'already_set_up', 'it is set up already');
  expect(setupFaults(there, 'number', '+1 555')).toEqual({ number: '+1 555 is there already.' });
  expect(setupFaults(new Problem(409, 'conflict', 'no'), 'number', '+1 555')).toEqual({});
});
