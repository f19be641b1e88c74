import type { Mailbox } from '../api/shapes';
import { t } from './language.svelte';

/** What a trial mail shows of a mailbox, step by step. */

export interface Step {
  name: string;
  state: 'idle' | 'waiting' | 'done' | 'failed';
  text: string;
}

/** A forward takes seconds, sometimes minutes. */
const PATIENCE = 10 * 60 * 1000;

export function steps(mailbox: Mailbox, now: Date): Step[] {
  const { trial } = mailbox;
  if (!trial) return [t('Sent'), t('Came back'), t('Answers find their ticket'), t('Our sender is believed')].map((name) => ({ name, state: 'idle', text: '' }));
  const arrived = trial.arrived_at !== null;
  return [sent(mailbox, arrived), back(mailbox, now), threaded(trial.threaded, arrived), believed(mailbox, arrived)];
}

function sent({ trial, relay }: Mailbox, arrived: boolean): Step {
  const name = t('Sent');
  const by = relay ? t('The relay took it.') : t('It went to the sandbox mailbox, as no relay is set.');
  if (arrived || trial?.status === 'sent') return { name, state: 'done', text: by };
  if (trial?.status === 'failed') return { name, state: 'failed', text: trial.error ?? t('It could not be sent.') };
  return { name, state: 'waiting', text: t('On its way to the relay.') };
}

function back({ trial, address, inbound, imap }: Mailbox, now: Date): Step {
  const name = t('Came back');
  if (trial?.arrived_at) return { name, state: 'done', text: imap ? t('{address} is read.', { address }) : t('{address} forwards to us.', { address }) };
  if (trial?.status === 'failed') return { name, state: 'failed', text: t('It will not come back.') };
  const late = trial !== null && now.getTime() - Date.parse(trial.sent_at) > PATIENCE;
  if (late && imap) return { name, state: 'failed', text: imap.error ?? t('It has not come back. Look into the spam folder of {address}.', { address }) };
  if (late) return { name, state: 'failed', text: t('It has not come back. Does {address} forward to {inbound}? Look into its spam folder, too.', { address, inbound: inbound ?? '—' }) };
  return { name, state: 'waiting', text: imap ? t('Waiting for it at {address}.', { address }) : t('Waiting for the forward.') };
}

function threaded(kept: boolean, arrived: boolean): Step {
  const name = t('Answers find their ticket');
  if (!arrived) return { name, state: 'idle', text: '' };
  return kept
    ? { name, state: 'done', text: t('The forward leaves our marks as they are.') }
    : { name, state: 'failed', text: t('The forward writes mails anew: choose “redirect”, not “forward as a new mail”. Until then answers are placed by their signed address alone.') };
}

function believed({ trial, asks_dns }: Mailbox, arrived: boolean): Step {
  const name = t('Our sender is believed');
  if (!asks_dns) return { name, state: 'idle', text: t('Not looked up: no name servers are set (dns.servers).') };
  if (!arrived) return { name, state: 'idle', text: '' };
  if (!trial?.trust) return { name, state: 'waiting', text: t('Asking the DNS.') };
  const { mark, reasons, spf, dkim, dmarc } = trial.trust;
  const proofs = `SPF ${spf}, DKIM ${dkim}, DMARC ${dmarc}`;
  if (mark === 'good') return { name, state: 'done', text: `${capital(reasons[0])} ${proofs}.` };
  if (mark === 'unknown') return { name, state: 'waiting', text: t('The DNS did not answer; it is asked again.') };
  return { name, state: 'failed', text: t('{reasons} {proofs}. Sign with DKIM (email.dkim), or have SPF name the relay: frontdesk doctor says how.', { reasons: capital(reasons[0]), proofs }) };
}

const capital = (text = '') => (text ? `${text.charAt(0).toUpperCase()}${text.slice(1)}.` : '');

export interface Provider {
  id: string;
  name: string;
  steps: string[];
}

/** How each provider forwards a mailbox, to `inbound`. */
export const providers = (inbound: string): Provider[] => [
  {
    id: 'google',
    name: 'Gmail, Google Workspace',
    steps: [
      t('In Gmail, open Settings → Forwarding and POP/IMAP → Add a forwarding address, and enter {inbound}.', { inbound }),
      t('Google sends a confirmation: its code and link appear below. Enter the code in Gmail, or follow the link.'),
      t('Choose “Forward a copy of incoming mail to {inbound}” and save.', { inbound }),
      t('For a whole address of a Workspace, an administrator can instead add a routing rule: Apps → Google Workspace → Gmail → Default routing.'),
    ],
  },
  {
    id: 'microsoft',
    name: 'Microsoft 365, Outlook',
    steps: [
      t('In the Exchange admin centre, open Recipients → Mailboxes → the mailbox → Manage mail flow settings → Email forwarding, and enter {inbound}.', { inbound }),
      t('Keep a copy in the mailbox if you like. In a rule, choose “redirect to”, not “forward to”: a forward changes who wrote.'),
      t('Forwarding to the outside is blocked by default (550 5.7.520): allow it in Microsoft Defender → Policies → Anti-spam → Outbound policy → Automatic forwarding.'),
    ],
  },
  {
    id: 'fastmail',
    name: 'Fastmail',
    steps: [
      t('Open Settings → Filters & Rules → Create rule, for mail to the address.'),
      t('Choose “Send a copy to” {inbound}; or, for an alias, Settings → My email addresses → the alias → Deliver to → {inbound}.', { inbound }),
    ],
  },
  {
    id: 'cpanel',
    name: t('cPanel and others'),
    steps: [
      t('Open Email → Forwarders → Add forwarder.'),
      t('Enter the address, choose “Forward to email address”, and enter {inbound}.', { inbound }),
      t('Elsewhere look for “redirect”, “alias” or “forwarder”: all of them keep who wrote.'),
    ],
  },
  {
    id: 'postfix',
    name: 'Postfix, Exim, sendmail',
    steps: [
      t('Add a line to /etc/aliases, such as “support: {inbound}”, and run newaliases; or use virtual_alias_maps.', { inbound }),
      t('On the same machine mail may be piped instead: “support: "|frontdesk mail-pipe …"”.'),
      t('With postsrsd the envelope sender keeps passing SPF; without it Frontdesk still judges by who wrote.'),
    ],
  },
];
