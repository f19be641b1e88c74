import { tickets as api } from '../api/calls';
import { Problem, reason } from '../api/client';
import type { Attachment, Message } from '../api/shapes';
import { t } from '../text/language.svelte';
import { answering, type MailWishes } from './answering.svelte';
import { composing } from './composing.svelte';
import { drafts, joined, type MailDraft } from './drafts.svelte';
import { newKey } from './key';
import type { LiveEvent } from './live.svelte';
import { changed } from './messages';
import { session } from './session.svelte';
import { settings } from './settings.svelte';
import { thread } from './thread.svelte';
import { toasts } from './toasts.svelte';

/** Replies on their way, what the server asks about them, and those that wait for their time. */

/** When a reply is to go out: at once, unless said otherwise. */
export interface When {
  sendAt?: string;
  /** At once, in the recipient's quiet hours too. The server records it. */
  override?: boolean;
  /** What becomes of the ticket with it. */
  then?: Then;
}

export type Then = { status: 'closed' } | { status: 'snoozed'; snoozed_until: string };

export interface Sending {
  /** Idempotency key: the same for every try of the same words. */
  key: string;
  ticketId: string;
  text: string;
  attachments: Attachment[];
  seenVersion: number;
  when: When;
  /** To whom a mail goes. */
  wishes: MailWishes;
  /** The same as it was shown, for when the words go back into the composer. */
  mail: MailDraft | undefined;
  /** The version of the draft that it was; 0 where the server had none. */
  draftVersion: number;
  state: 'sending' | 'failed';
  reason: string;
}

/** A question before a reply goes out. */
export type Guard =
  /** Somebody wrote since the agent looked: both texts in view. */
  | { kind: 'replied'; mine: Sending; theirs: Message[] }
  /** It is quiet hours at the other end, as the server sees it (D6). */
  | { kind: 'quiet'; mine: Sending; sendAt: string | null; localTime: string | null; timeZone: string | null };

/** A message that waits is to go now, and it is quiet hours there. */
export interface WakeGuard {
  message: Message;
  localTime: string | null;
}

class Outbox {
  all = $state<Sending[]>([]);
  guard = $state.raw<Guard | null>(null);
  wakeGuard = $state.raw<WakeGuard | null>(null);

  constructor() {
    session.whenLeft(() => {
      this.all = [];
      this.guard = null;
      this.wakeGuard = null;
    });
  }

  send(text: string, attachments: Attachment[], when: When = {}) {
    const ticket = thread.ticket;
    if (!ticket) return;
    const isMail = ticket.channel === 'email';
    const [wishes, mail] = [isMail ? answering.wishes(ticket.id) : {}, drafts.of(ticket.id).mail];
    const sending: Sending = {
      wishes,
      mail,
      key: newKey(),
      ticketId: ticket.id,
      text,
      attachments,
      seenVersion: ticket.version,
      when,
      draftVersion: 0,
      state: 'sending',
      reason: '',
    };
    this.#hold(sending);
    drafts.clear(ticket.id);
    this.all = [...this.all, sending];
    // No save may still be on its way: it would come back after the answer took the draft with it.
    void drafts.settled(ticket.id).then((draftVersion) => {
      this.#hold({ ...sending, draftVersion });
      this.#post({ ...sending, draftVersion });
    });
  }

  retry(sending: Sending) {
    this.#post({ ...sending, state: 'sending', reason: '' });
  }

  /** Back into the composer, in front of what was typed since. */
  takeBack(sending: Sending) {
    this.#drop(sending.key);
    this.guard = null;
    this.#draft(sending.ticketId, sending.text, sending.attachments, sending.mail);
  }

  /** The answer to a question: send it all the same, with what was seen by now, or at another time. */
  sendAnyway({ mine }: Guard, when: When = mine.when) {
    this.guard = null;
    const seenVersion = thread.ticket?.id === mine.ticketId ? thread.ticket.version : mine.seenVersion;
    const then = when.then ?? mine.when.then;
    const again: Sending = { ...mine, key: newKey(), when: { ...when, ...(then && { then }) }, seenVersion, state: 'sending', reason: '' };
    this.#hold(again);
    drafts.release(mine.key);
    this.#post(again);
  }

  /** Another ticket is opened: a question about this one waits as a draft. */
  settle(ticketId: string | null) {
    this.wakeGuard = null;
    if (this.guard && this.guard.mine.ticketId !== ticketId) this.takeBack(this.guard.mine);
  }

  /** Takes back a message that waits for its time; it can be written anew from there. */
  async cancel(message: Message) {
    const again = { label: t('Edit it'), run: () => this.#draft(message.ticket_id, message.text, message.attachments) };
    const problem = await this.#onMessage(() => api.cancel(message.ticket_id, message.id));
    if (problem) this.#tell(problem);
    else toasts.say(t('Canceled: it is not sent'), again);
  }

  /** Takes back an answer that still waits: it is the draft again, in front of what was typed since. */
  async undo(message: Message) {
    try {
      await drafts.takeBack(message.ticket_id, () => api.undoReply(message.ticket_id, message.id));
      if (message.ticket_id === thread.ticket?.id) {
        await thread.refresh();
        await composing.begin('reply');
      }
    } catch (error) {
      this.#tell(error);
    }
  }

  async sendNow(message: Message, override = false) {
    this.wakeGuard = null;
    const problem = await this.#onMessage(() => api.sendNow(message.ticket_id, message.id, override));
    if (problem instanceof Problem && problem.code === 'quiet_hours') {
      this.wakeGuard = { message, localTime: saidText(problem.members, 'local_time') };
    } else if (problem) this.#tell(problem);
    else toasts.say(t('On its way'));
  }

  /** The stream may tell of a message before its call is answered: then it is not shown twice. */
  hear(event: LiveEvent) {
    if (event.kind !== 'message' || event.message.author.id === null || event.message.author.id !== session.user?.id) return;
    const { ticket, message } = event;
    const echo = this.all.find((one) => one.state === 'sending' && one.ticketId === ticket.id && one.text === message.text);
    if (echo) this.#drop(echo.key, true);
  }

  /** Where the thread does not show it: the ticket may be left by now. */
  #offerUndo(message: Message, { then, sendAt }: When) {
    const waits = !sendAt && message.status === 'queued' && canUndo(message, session.user?.id);
    const said = waits ? goingOut(then) : sentWith(then);
    if (waits) toasts.say(said, { label: t('Undo'), run: () => void this.undo(message) }, settings.undoSeconds * 1000);
    else if (then) toasts.say(said);
  }

  #hold({ key, ticketId, text, attachments, mail, draftVersion: version }: Sending) {
    drafts.hold(key, { ticketId, text, attachments, mail, version });
  }

  #post(sending: Sending) {
    this.all = [...this.all.filter((other) => other.key !== sending.key), sending];
    void this.#deliver(sending);
  }

  async #deliver({ key, ticketId, text, attachments, seenVersion, when, wishes, draftVersion }: Sending) {
    const body = {
      ...wishes,
      text,
      attachments: attachments.map((file) => file.id),
      seen_version: seenVersion,
      ...(when.sendAt && { send_at: when.sendAt }),
      ...(when.override && { quiet_hours_override: true }),
      ...when.then,
      ...(draftVersion && { draft_version: draftVersion }),
      ...(settings.undoSeconds > 0 && { undo_seconds: settings.undoSeconds }),
    };
    try {
      const message = await api.reply(ticketId, body, key);
      this.#drop(key, true);
      if (ticketId === thread.ticket?.id) thread.take(message);
      this.#offerUndo(message, when);
    } catch (error) {
      const code = error instanceof Problem ? error.code : '';
      if (code === 'someone_replied') await this.#askReplied(key);
      else if (code === 'quiet_hours') this.#askQuiet(key, (error as Problem).members);
      else this.all = changed(this.all, key, { state: 'failed', reason: reason(error) });
    }
  }

  async #askReplied(key: string) {
    const mine = this.#refused(key);
    if (!mine) return;
    const known = new Set(thread.messages.map((message) => message.id));
    await thread.refresh();
    const fresh = thread.messages.filter((message) => !known.has(message.id));
    this.guard = { kind: 'replied', mine, theirs: fresh.length > 0 ? fresh : thread.messages.slice(-1) };
  }

  #askQuiet(key: string, said: Record<string, unknown>) {
    const mine = this.#refused(key);
    if (!mine) return;
    const text = (member: string) => saidText(said, member);
    this.guard = { kind: 'quiet', mine, sendAt: text('send_at'), localTime: text('local_time'), timeZone: text('time_zone') };
  }

  /** A reply to ask about, held until that is answered; where its ticket is not open any more, it waits there as a draft. */
  #refused(key: string): Sending | null {
    const mine = this.all.find((sending) => sending.key === key);
    if (!mine) return null;
    this.all = this.all.filter((sending) => sending.key !== key);
    if (mine.ticketId === thread.ticket?.id) return mine;
    this.takeBack(mine);
    return null;
  }

  /** Returns what was thrown. */
  async #onMessage(act: () => Promise<Message>): Promise<unknown> {
    try {
      thread.take(await act());
      return null;
    } catch (error) {
      return error;
    }
  }

  /** It may have left meanwhile: what is shown is fetched again. */
  #tell(problem: unknown) {
    toasts.fail(reason(problem));
    void thread.refresh();
  }

  #draft(ticketId: string, text: string, attachments: Attachment[], mail?: MailDraft) {
    drafts.write(ticketId, joined({ text, attachments, ...(mail && { mail }) }, drafts.of(ticketId)));
  }

  #drop(key: string, accepted = false) {
    drafts.release(key, accepted);
    this.all = this.all.filter((sending) => sending.key !== key);
  }
}

/** Longest time that an answer waits only so that it can be taken back. */
const LONGEST_UNDO = 61_000;

/** Whether a message that waits does so for its author to take it back, and not for a time of its own. */
export function canUndo(message: Message, me: string | undefined): boolean {
  if (!message.send_at || message.status !== 'queued' || !me || message.author.id !== me) return false;
  return Date.parse(message.send_at) - Date.parse(message.sent_at) <= LONGEST_UNDO;
}

function goingOut(then: Then | undefined): string {
  if (!then) return t('Going out');
  return then.status === 'closed' ? t('Going out, and the ticket is closed') : t('Going out, and the ticket is snoozed');
}

function sentWith(then: Then | undefined): string {
  if (!then) return t('Sent');
  return then.status === 'closed' ? t('Sent, and the ticket is closed') : t('Sent, and the ticket is snoozed');
}

function saidText(said: Record<string, unknown>, member: string): string | null {
  const value = said[member];
  return typeof value === 'string' ? value : null;
}

export const outbox = new Outbox();
