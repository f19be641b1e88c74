import type { Mailbox } from '../api/shapes';

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
  if (!trial) return ['Sent', 'Came back', 'Answers find their ticket', 'Our sender is believed'].map((name) => ({ name, state: 'idle', text: '' }));
  const arrived = trial.arrived_at !== null;
  return [sent(mailbox, arrived), back(mailbox, now), threaded(trial.threaded, arrived), believed(mailbox, arrived)];
}

function sent({ trial, relay }: Mailbox, arrived: boolean): Step {
  const name = 'Sent';
  const by = relay ? 'The relay took it.' : 'It went to the sandbox mailbox, as no relay is set.';
  if (arrived || trial?.status === 'sent') return { name, state: 'done', text: by };
  if (trial?.status === 'failed') return { name, state: 'failed', text: trial.error ?? 'It could not be sent.' };
  return { name, state: 'waiting', text: 'On its way to the relay.' };
}

function back({ trial, address, inbound }: Mailbox, now: Date): Step {
  const name = 'Came back';
  if (trial?.arrived_at) return { name, state: 'done', text: `${address} forwards to us.` };
  if (trial?.status === 'failed') return { name, state: 'failed', text: 'It will not come back.' };
  const late = trial !== null && now.getTime() - Date.parse(trial.sent_at) > PATIENCE;
  if (late) return { name, state: 'failed', text: `It has not come back. Does ${address} forward to ${inbound ?? 'us'}? Look into its spam folder, too.` };
  return { name, state: 'waiting', text: 'Waiting for the forward.' };
}

function threaded(kept: boolean, arrived: boolean): Step {
  const name = 'Answers find their ticket';
  if (!arrived) return { name, state: 'idle', text: '' };
  return kept
    ? { name, state: 'done', text: 'The forward leaves our marks as they are.' }
    : { name, state: 'failed', text: 'The forward writes mails anew: choose “redirect”, not “forward as a new mail”. Until then answers are placed by their signed address alone.' };
}

function believed({ trial, asks_dns }: Mailbox, arrived: boolean): Step {
  const name = 'Our sender is believed';
  if (!asks_dns) return { name, state: 'idle', text: 'Not looked up: no name servers are set (dns.servers).' };
  if (!arrived) return { name, state: 'idle', text: '' };
  if (!trial?.trust) return { name, state: 'waiting', text: 'Asking the DNS.' };
  const { mark, reasons, spf, dkim, dmarc } = trial.trust;
  const proofs = `SPF ${spf}, DKIM ${dkim}, DMARC ${dmarc}`;
  if (mark === 'good') return { name, state: 'done', text: `${capital(reasons[0])} ${proofs}.` };
  if (mark === 'unknown') return { name, state: 'waiting', text: 'The DNS did not answer; it is asked again.' };
  return { name, state: 'failed', text: `${capital(reasons[0])} ${proofs}. Sign with DKIM (email.dkim), or have SPF name the relay: frontdesk doctor says how.` };
}

const capital = (text = '') => (text ? `${text.charAt(0).toUpperCase()}${text.slice(1)}.` : '');

export interface Provider {
  id: string;
  name: string;
  steps: string[];
}

/** How each provider forwards a mailbox. `{inbound}` is where to. */
export const providers: Provider[] = [
  {
    id: 'google',
    name: 'Gmail, Google Workspace',
    steps: [
      'In Gmail, open Settings → Forwarding and POP/IMAP → Add a forwarding address, and enter {inbound}.',
      'Google sends a confirmation: its code and link appear below. Enter the code in Gmail, or follow the link.',
      'Choose “Forward a copy of incoming mail to {inbound}” and save.',
      'For a whole address of a Workspace, an administrator can instead add a routing rule: Apps → Google Workspace → Gmail → Default routing.',
    ],
  },
  {
    id: 'microsoft',
    name: 'Microsoft 365, Outlook',
    steps: [
      'In the Exchange admin centre, open Recipients → Mailboxes → the mailbox → Manage mail flow settings → Email forwarding, and enter {inbound}.',
      'Keep a copy in the mailbox if you like. In a rule, choose “redirect to”, not “forward to”: a forward changes who wrote.',
      'Forwarding to the outside is blocked by default (550 5.7.520): allow it in Microsoft Defender → Policies → Anti-spam → Outbound policy → Automatic forwarding.',
    ],
  },
  {
    id: 'fastmail',
    name: 'Fastmail',
    steps: [
      'Open Settings → Filters & Rules → Create rule, for mail to the address.',
      'Choose “Send a copy to” {inbound}; or, for an alias, Settings → My email addresses → the alias → Deliver to → {inbound}.',
    ],
  },
  {
    id: 'cpanel',
    name: 'cPanel and others',
    steps: [
      'Open Email → Forwarders → Add forwarder.',
      'Enter the address, choose “Forward to email address”, and enter {inbound}.',
      'Elsewhere look for “redirect”, “alias” or “forwarder”: all of them keep who wrote.',
    ],
  },
  {
    id: 'postfix',
    name: 'Postfix, Exim, sendmail',
    steps: [
      'Add a line to /etc/aliases, such as “support: {inbound}”, and run newaliases; or use virtual_alias_maps.',
      'On the same machine mail may be piped instead: “support: "|frontdesk mail-pipe …"”.',
      'With postsrsd the envelope sender keeps passing SPF; without it Frontdesk still judges by who wrote.',
    ],
  },
];
