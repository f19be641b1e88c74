import { describe, expect, it } from 'vitest';
import type { Mailbox } from '../api/shapes';
import { providers, steps } from './mailbox';

const sentAt = '2026-11-26T10:00:00Z';
const soon = new Date('2026-11-26T10:00:30Z');
type Trial = NonNullable<Mailbox['trial']>;

function mailbox(trial: Partial<Trial> | null, more: Partial<Mailbox> = {}): Mailbox {
  const base = { id: '1', status: 'sent', error: null, sent_at: sentAt, arrived_at: null, threaded: false, trust: null } as Trial;
  return {
    address: 'support@acme.example', inbound: 'support@in.acme.example', relay: 'smtp://relay', imap: null, asks_dns: true, owner: 'frontdesk.toml', is_live: true,
    last_in_at: null, last_out_at: null, last_failure: null, waiting: null, last_held: null, confirmations: [],
    trial: trial && { ...base, ...trial }, ...more,
  };
}

const states = (of: Mailbox, now = soon) => steps(of, now).map((step) => step.state).join(' ');
const trust = (mark: string) => ({ mark, domain: null, spf: 'fail', dkim: 'none', dmarc: 'none', arc: 'none', reasons: ['nothing proves it'] }) as Trial['trust'];

describe('a mailbox that is read', () => {
  const imap = { server: 'imaps://mail.example.com', user: 'support', has_password: true, oauth: null, move_to: null, poll_seconds: 60, allow_plain: false, plus_addresses: false, folder: 'INBOX', polled_at: sentAt, error: null, failing_since: null, read_only: false };
  const back = (of: Mailbox, now = soon) => steps(of, now)[1]?.text ?? '';

  it('says nothing of a forward', () => {
    expect(back(mailbox({}, { imap }))).toContain('Waiting for it at support@acme.example');
    expect(back(mailbox({ arrived_at: sentAt }, { imap }))).toBe('support@acme.example is read.');
    const late = new Date('2026-11-26T10:30:00Z');
    expect(back(mailbox({}, { imap }), late)).toContain('spam folder');
    expect(back(mailbox({}, { imap: { ...imap, error: 'it refuses' } }), late)).toBe('it refuses');
  });
});

describe('steps of a trial mail', () => {
  const arrived_at = '2026-11-26T10:00:20Z';

  it('follow what became of it', () => {
    expect(states(mailbox(null))).toBe('idle idle idle idle');
    expect(states(mailbox({ status: 'queued' }))).toBe('waiting waiting idle idle');
    expect(states(mailbox({}))).toBe('done waiting idle idle');
    expect(states(mailbox({ status: 'failed', error: '550' }))).toBe('failed failed idle idle');
    expect(states(mailbox({ arrived_at, threaded: true }))).toBe('done done done waiting');
    expect(states(mailbox({ arrived_at, threaded: false, trust: trust('neutral') }))).toBe('done done failed failed');
    expect(states(mailbox({ arrived_at, threaded: true, trust: trust('good') }))).toBe('done done done done');
    expect(states(mailbox({ arrived_at, threaded: true, trust: trust('unknown') }))).toBe('done done done waiting');
    expect(states(mailbox({ arrived_at, threaded: true }, { asks_dns: false }))).toBe('done done done idle');
  });

  it('one that does not come back is missed after ten minutes', () => {
    const late = new Date('2026-11-26T10:10:01Z');
    expect(states(mailbox({}), late)).toBe('done failed idle idle');
    expect(steps(mailbox({}), late)[1]?.text).toContain('support@in.acme.example');
  });

  it('says why, and what helps', () => {
    expect(steps(mailbox({ status: 'failed', error: '550 5.7.520 blocked' }), soon)[0]?.text).toBe('550 5.7.520 blocked');
    expect(steps(mailbox({ arrived_at, threaded: true, trust: trust('neutral') }), soon)[3]?.text).toMatch(/^Nothing proves it\. SPF fail/);
  });
});

it('every provider is told where to forward to', () => {
  for (const provider of providers('in@desk.example')) expect(provider.steps.join(' '), provider.id).toContain('in@desk.example');
});
