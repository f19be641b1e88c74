import { tickets as api } from '../api/calls';
import type { ReplyRecipients, Ticket } from '../api/shapes';
import type { NamedAddress } from '../text/addresses';
import { drafts, type MailDraft } from './drafts.svelte';

/** To whom the answer of the open ticket of mail goes, under which subject, and whether it is signed. */
class Answering {
  proposal = $state.raw<ReplyRecipients | null>(null);
  #ticketId = '';

  /** Asks what "reply all" would be; without an answer the mail goes to the customer, as the server does by itself. */
  async about(ticket: Ticket) {
    if (ticket.id !== this.#ticketId) this.proposal = null;
    this.#ticketId = ticket.id;
    const proposal = await api.replyRecipients(ticket.id).catch(() => null);
    if (ticket.id === this.#ticketId && proposal) this.proposal = proposal;
  }

  /** What was chosen, else what is proposed. */
  of(ticketId: string): MailDraft | null {
    const chosen = drafts.of(ticketId).mail;
    if (chosen) return chosen;
    const { proposal } = this;
    return proposal && ticketId === this.#ticketId ? { to: proposal.to, cc: proposal.cc, bcc: [], subject: proposal.subject, without_signature: false } : null;
  }

  /** Whether "reply" and "reply all" differ. */
  get hasOthers(): boolean {
    return (this.proposal?.cc.length ?? 0) > 0;
  }

  reply(ticketId: string, all: boolean) {
    const now = this.of(ticketId);
    if (!now || !this.proposal) return;
    this.change(ticketId, { to: this.proposal.to, cc: all ? this.proposal.cc : [] });
  }

  change(ticketId: string, change: Partial<MailDraft>) {
    const now = this.of(ticketId);
    if (now) drafts.write(ticketId, { mail: { ...now, ...change } });
  }

  /** What the server is told: the subject only where it was changed, so that a later mail's subject still counts. */
  wishes(ticketId: string): MailWishes {
    const mail = this.of(ticketId);
    if (!mail) return {};
    const subject = mail.subject.trim();
    return {
      to: addresses(mail.to),
      cc: addresses(mail.cc),
      bcc: addresses(mail.bcc),
      ...(subject && subject !== this.proposal?.subject && { subject }),
      ...(mail.without_signature && { without_signature: true }),
    };
  }
}

/** To whom a mail goes, as the server is told. */
export interface MailWishes {
  to?: string[];
  cc?: string[];
  bcc?: string[];
  subject?: string;
  without_signature?: boolean;
}

const addresses = (list: NamedAddress[]) => list.map((one) => one.address);

export const answering = new Answering();
