import { notes as noteApi, tickets as api } from '../api/calls';
import { Problem, reason } from '../api/client';
import type { Message, Note, Page, Ticket, TicketPatch } from '../api/shapes';
import { t } from '../text/language.svelte';
import type { LiveEvent } from './live.svelte';
import { merged, moved } from './messages';
import { session } from './session.svelte';
import { tickets } from './tickets.svelte';
import { toasts } from './toasts.svelte';

/** The open ticket: its facts and its messages. */

/** Somebody who stopped typing without saying so is forgotten after this long. */
const TYPING = 8000;

class Thread {
  ticket = $state.raw<Ticket | null>(null);
  messages = $state.raw<Message[]>([]);
  /** What colleagues noted about this customer on this channel, oldest first. */
  notes = $state.raw<Note[]>([]);
  state = $state<'loading' | 'ready' | 'error'>('loading');
  problem = $state('');
  missing = $state(false);
  /** Where older messages begin; `null` when all are here. */
  older = $state<string | null>(null);
  loadingOlder = $state(false);
  /** Who is typing at the other end, or a colleague. */
  typing = $state<string | null>(null);

  #id = '';
  /** Marked unread by hand: stays so until opened again. */
  #keepUnread = false;
  /** Heard of while the thread is fetched, which may have been read before. */
  #meanwhile: LiveEvent[] | null = null;
  #typingEnds: ReturnType<typeof setTimeout> | undefined;

  async open(id: string) {
    this.#id = id;
    this.#keepUnread = false;
    this.ticket = tickets.find(id) ?? null;
    this.messages = [];
    this.notes = [];
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
    const meanwhile: LiveEvent[] = (this.#meanwhile = []);
    try {
      const [ticket, page, notes] = await Promise.all([api.show(id), api.messages(id), noteApi.about(id)]);
      if (id !== this.#id) return;
      this.#see(ticket);
      this.#take(page);
      this.notes = notes;
      this.state = 'ready';
      for (const event of meanwhile) this.#learn(event);
      this.markSeen();
    } catch (error) {
      if (id !== this.#id) return;
      this.missing = error instanceof Problem && error.status === 404;
      this.problem = reason(error);
      if (this.state === 'loading') this.state = 'error';
    } finally {
      if (this.#meanwhile === meanwhile) this.#meanwhile = null;
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
    else if (event.kind === 'typing' && event.ticketId === this.#id) this.#hearTyping(event);
    else {
      this.#meanwhile?.push(event);
      this.#learn(event);
    }
  }

  #learn(event: LiveEvent) {
    if (event.kind === 'moved') this.messages = moved(this.messages, event);
    else if (event.kind === 'changed') this.#hearChanged(event.ticket, event.message);
    else if (event.kind === 'ticket' && event.ticket.id === this.#id) this.#see(event.ticket);
    else if (event.kind === 'note') this.#hearNote(event.note);
    else if (event.kind === 'unnoted') this.forgetNote(event.noteId);
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

  /** A message as an answer told it, if it belongs here. */
  take(message: Message) {
    if (message.ticket_id === this.#id) this.messages = merged(this.messages, [message]);
  }

  /** Leaves a note for colleagues. */
  async addNote(text: string): Promise<boolean> {
    const id = this.#id;
    try {
      this.#hearNote(await noteApi.add(id, text, crypto.randomUUID()));
      return true;
    } catch (error) {
      toasts.fail(reason(error));
      return false;
    }
  }

  forgetNote(id: string) {
    this.notes = this.notes.filter((note) => note.id !== id);
  }

  #hearNote(note: Note) {
    const here = note.ticket_id === this.#id || this.messages.some((message) => message.ticket_id === note.ticket_id);
    if (here && !this.notes.some((known) => known.id === note.id)) this.notes = [...this.notes, note];
  }

  #hearTyping({ name, byVisitor, on }: { name: string; byVisitor: boolean; on: boolean }) {
    clearTimeout(this.#typingEnds);
    if (!byVisitor && name === session.user?.name) return;
    this.typing = on ? (byVisitor ? (this.ticket?.profile.name ?? t('The visitor')) : name) : null;
    if (on) this.#typingEnds = setTimeout(() => (this.typing = null), TYPING);
  }

  #hearMessage(ticket: Ticket, message: Message) {
    const here = this.ticket;
    const samePerson = here && ticket.profile.id === here.profile.id && ticket.channel === here.channel;
    if (ticket.id !== this.#id && !(samePerson && ticket.inbox === here.inbox)) return;
    this.messages = merged(this.messages, [message]);
    this.typing = null;
    if (ticket.id === this.#id) this.#see(ticket);
  }

  #hearChanged(ticket: Ticket, message: Message) {
    if (this.messages.some((known) => known.id === message.id)) this.messages = merged(this.messages, [message]);
    if (ticket.id === this.#id) this.#see(ticket);
  }

  #see(ticket: Ticket) {
    if (this.ticket && this.ticket.id === ticket.id && this.ticket.version > ticket.version) return;
    this.ticket = ticket;
    this.markSeen();
  }
}

export const thread = new Thread();
