import { tickets as api } from '../api/calls';
import { Problem, reason } from '../api/client';
import type { Attachment, Message, Page, Ticket, TicketPatch } from '../api/shapes';
import { drafts } from './drafts.svelte';
import { newKey } from './key';
import type { LiveEvent } from './live.svelte';
import { changed, merged, moved } from './messages';
import { session } from './session.svelte';
import { tickets } from './tickets.svelte';
import { toasts } from './toasts.svelte';

/** The open ticket: its facts, its messages, and what is being sent. */

export interface Sending {
  /** Idempotency key: the same for every try of the same words. */
  key: string;
  ticketId: string;
  text: string;
  attachments: Attachment[];
  seenVersion: number;
  state: 'sending' | 'failed';
  reason: string;
}

/** Somebody wrote since the agent looked: both texts, and a question. */
export interface Guard {
  mine: Sending;
  theirs: Message[];
}

/** Somebody who stopped typing without saying so is forgotten after this long. */
const TYPING = 8000;

class Thread {
  ticket = $state.raw<Ticket | null>(null);
  messages = $state.raw<Message[]>([]);
  state = $state<'loading' | 'ready' | 'error'>('loading');
  problem = $state('');
  missing = $state(false);
  /** Where older messages begin; `null` when all are here. */
  older = $state<string | null>(null);
  loadingOlder = $state(false);
  outgoing = $state<Sending[]>([]);
  guard = $state.raw<Guard | null>(null);
  /** Who is typing at the other end, or a colleague. */
  typing = $state<string | null>(null);

  #id = '';
  /** Marked unread by hand: stays so until opened again. */
  #keepUnread = false;
  #typingEnds: ReturnType<typeof setTimeout> | undefined;

  async open(id: string) {
    this.#id = id;
    this.#keepUnread = false;
    this.ticket = tickets.find(id) ?? null;
    this.messages = [];
    this.guard = null;
    this.typing = null;
    this.state = 'loading';
    await this.refresh();
  }

  close() {
    this.#id = '';
    this.ticket = null;
    this.messages = [];
  }

  async refresh() {
    const id = this.#id;
    try {
      const [ticket, page] = await Promise.all([api.show(id), api.messages(id)]);
      if (id !== this.#id) return;
      this.#see(ticket);
      this.#take(page);
      this.state = 'ready';
      this.markSeen();
    } catch (error) {
      if (id !== this.#id) return;
      this.missing = error instanceof Problem && error.status === 404;
      this.problem = reason(error);
      if (this.state === 'loading') this.state = 'error';
    }
  }

  /** A page that does not touch what is shown leaves a hole: then it alone is shown. */
  #take(page: Page<Message>) {
    const known = new Set(this.messages.map((message) => message.id));
    const first = this.state === 'loading';
    const touches = first || page.data.some((message) => known.has(message.id));
    if (first || !touches) this.older = page.next_cursor;
    this.messages = merged(touches ? this.messages : [], page.data);
  }

  async loadOlder() {
    if (!this.older || this.loadingOlder) return;
    this.loadingOlder = true;
    const id = this.#id;
    try {
      const page = await api.messages(id, this.older);
      if (id !== this.#id) return;
      this.older = page.next_cursor;
      this.messages = merged(this.messages, page.data);
    } catch (error) {
      toasts.fail(reason(error));
    } finally {
      this.loadingOlder = false;
    }
  }

  hear(event: LiveEvent) {
    if (!this.#id) return;
    if (event.kind === 'reload') void this.refresh();
    else if (event.kind === 'moved') this.messages = moved(this.messages, event);
    else if (event.kind === 'ticket' && event.ticket.id === this.#id) this.#see(event.ticket);
    else if (event.kind === 'typing' && event.ticketId === this.#id) this.#hearTyping(event);
    else if (event.kind === 'message') this.#hearMessage(event.ticket, event.message);
  }

  /** An open ticket in a visible window is a read one. */
  markSeen() {
    const unseen = this.ticket?.unread && !this.#keepUnread && document.visibilityState === 'visible';
    if (unseen && this.state === 'ready') void this.change({ unread: false }, true);
  }

  async change(patch: TicketPatch, quietly = false): Promise<boolean> {
    const id = this.#id;
    if (patch.unread) this.#keepUnread = true;
    try {
      const ticket = await api.change(id, patch);
      tickets.apply(ticket);
      tickets.countSoon();
      if (id === this.#id) this.#see(ticket);
      return true;
    } catch (error) {
      if (!quietly) toasts.fail(reason(error));
      return false;
    }
  }

  send(text: string, attachments: Attachment[]) {
    if (!this.ticket) return;
    drafts.clear(this.#id);
    this.#post({
      key: newKey(),
      ticketId: this.#id,
      text,
      attachments,
      seenVersion: this.ticket.version,
      state: 'sending',
      reason: '',
    });
  }

  retry(sending: Sending) {
    this.#post({ ...sending, state: 'sending', reason: '' });
  }

  /** Back into the composer. */
  takeBack(sending: Sending) {
    this.#drop(sending.key);
    this.guard = null;
    const draft = drafts.of(sending.ticketId);
    const text = draft.text ? `${sending.text}\n${draft.text}` : sending.text;
    drafts.write(sending.ticketId, { text, attachments: [...sending.attachments, ...draft.attachments] });
  }

  /** The agent has read what came in between and sends all the same. */
  sendAnyway(guard: Guard) {
    this.guard = null;
    this.send(guard.mine.text, guard.mine.attachments);
  }

  #post(sending: Sending) {
    this.outgoing = [...this.outgoing.filter((other) => other.key !== sending.key), sending];
    void this.#deliver(sending);
  }

  async #deliver({ key, ticketId, text, attachments, seenVersion }: Sending) {
    const body = { text, attachments: attachments.map((file) => file.id), seen_version: seenVersion };
    try {
      const message = await api.reply(ticketId, body, key);
      this.#drop(key);
      if (ticketId === this.#id) this.messages = merged(this.messages, [message]);
    } catch (error) {
      if (error instanceof Problem && error.code === 'someone_replied') await this.#ask(key);
      else this.outgoing = changed(this.outgoing, key, { state: 'failed', reason: reason(error) });
    }
  }

  async #ask(key: string) {
    const mine = this.outgoing.find((sending) => sending.key === key);
    if (!mine) return;
    this.#drop(key);
    if (mine.ticketId !== this.#id) return this.takeBack(mine);
    const known = new Set(this.messages.map((message) => message.id));
    await this.refresh();
    const fresh = this.messages.filter((message) => !known.has(message.id));
    this.guard = { mine, theirs: fresh.length > 0 ? fresh : this.messages.slice(-1) };
  }

  #drop(key: string) {
    this.outgoing = this.outgoing.filter((sending) => sending.key !== key);
  }

  #hearTyping({ name, byVisitor, on }: { name: string; byVisitor: boolean; on: boolean }) {
    clearTimeout(this.#typingEnds);
    if (!byVisitor && name === session.user?.name) return;
    this.typing = on ? (byVisitor ? (this.ticket?.profile.name ?? 'The visitor') : name) : null;
    if (on) this.#typingEnds = setTimeout(() => (this.typing = null), TYPING);
  }

  #hearMessage(ticket: Ticket, message: Message) {
    const here = this.ticket;
    const samePerson = here && ticket.profile.id === here.profile.id && ticket.channel === here.channel;
    if (ticket.id !== this.#id && !(samePerson && ticket.inbox === here.inbox)) return;
    const mine = message.author.id !== null && message.author.id === session.user?.id;
    if (mine) {
      const echo = this.outgoing.find((sending) => sending.state === 'sending' && sending.text === message.text);
      if (echo) this.#drop(echo.key);
    }
    this.messages = merged(this.messages, [message]);
    this.typing = null;
    if (ticket.id === this.#id) this.#see(ticket);
  }

  #see(ticket: Ticket) {
    if (this.ticket && this.ticket.id === ticket.id && this.ticket.version > ticket.version) return;
    this.ticket = ticket;
    this.markSeen();
  }
}

export const thread = new Thread();
