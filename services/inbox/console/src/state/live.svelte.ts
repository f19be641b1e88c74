import { tickets } from '../api/calls';
import type {
  AgentPresence,
  BulkChanged,
  Message,
  MessageAdded,
  MessageChanged,
  MessageMoved,
  MessageStatus,
  Note,
  NoteAdded,
  NoteRemoved,
  RoutingChanged,
  Ticket,
  TicketChanged,
  Typing,
  ViewChanged,
} from '../api/shapes';

/** The live stream: numbered events, resumed after every break from the last number seen. */

export type LiveEvent =
  | { kind: 'message'; ticket: Ticket; message: Message }
  | { kind: 'moved'; messageId: string; status: MessageStatus; error: Message['error'] }
  /** A message is not what it was: this one takes its place. */
  | { kind: 'changed'; ticket: Ticket; message: Message }
  | { kind: 'ticket'; ticket: Ticket }
  | { kind: 'note'; note: Note; number: number }
  | { kind: 'unnoted'; noteId: string }
  | { kind: 'typing'; ticketId: string; name: string; byVisitor: boolean; on: boolean }
  /** A colleague looks at a ticket, writes in it, or has left it. */
  | { kind: 'presence'; ticketId: string; userId: string; name: string; window: string; state: AgentPresence['state'] }
  | { kind: 'view'; id: string; ownerId: string; shared: boolean; deleted: boolean }
  | { kind: 'bulk'; bulk: BulkChanged }
  | { kind: 'settings' }
  /** A confirmation came, or a trial mail got on. */
  | { kind: 'mailbox' }
  /** Teams, rules, or who is there. */
  | { kind: 'routing'; what: RoutingChanged['what'] }
  /** Something may have been missed: fetch everything shown again. */
  | { kind: 'reload' };

type Listener = (event: LiveEvent) => void;

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15_000;
/** A break shorter than this is no news. */
const NOTICEABLE = 1200;

class Live {
  broken = $state(false);

  #source: EventSource | null = null;
  #listeners = new Set<Listener>();
  #last = '';
  #wait = FIRST_WAIT;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #notice: ReturnType<typeof setTimeout> | undefined;

  /** Calls back for every event until the returned function is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start() {
    this.stop();
    this.#connect();
  }

  stop() {
    this.#source?.close();
    this.#source = null;
    this.#last = '';
    clearTimeout(this.#retry);
    this.#mend();
  }

  #connect() {
    const source = new EventSource(`/api/v1/live${this.#last ? `?last_event_id=${this.#last}` : ''}`);
    this.#source = source;
    source.onopen = () => this.#mend();
    source.onerror = () => {
      this.#notice ??= setTimeout(() => (this.broken = true), NOTICEABLE);
      if (source.readyState === EventSource.CLOSED) this.#again();
    };
    this.#on<MessageAdded>('message.received', ({ ticket, message }) => ({ kind: 'message', ticket, message }));
    this.#on<MessageAdded>('message.queued', ({ ticket, message }) => ({ kind: 'message', ticket, message }));
    this.#on<MessageMoved>('message.moved', ({ message_id, status, error }) => ({ kind: 'moved', messageId: message_id, status, error }));
    this.#on<MessageChanged>('message.changed', ({ ticket, message }) => ({ kind: 'changed', ticket, message }));
    this.#on<TicketChanged>('ticket.changed', ({ ticket }) => ({ kind: 'ticket', ticket }));
    this.#on<NoteAdded>('note.added', ({ note, ticket_number }) => ({ kind: 'note', note, number: ticket_number }));
    this.#on<NoteRemoved>('note.removed', ({ note_id }) => ({ kind: 'unnoted', noteId: note_id }));
    this.#on<Typing>('typing', ({ ticket_id, name, by_visitor, on }) =>
      ticket_id ? { kind: 'typing', ticketId: ticket_id, name, byVisitor: by_visitor, on } : null,
    );
    this.#on<AgentPresence>('presence', ({ ticket_id, user_id, name, window, state }) => ({ kind: 'presence', ticketId: ticket_id, userId: user_id, name, window, state }));
    this.#on<RoutingChanged>('routing.changed', ({ what }) => ({ kind: 'routing', what }));
    this.#on<ViewChanged>('view.changed', ({ view_id, owner_id, shared, deleted }) => ({ kind: 'view', id: view_id, ownerId: owner_id, shared, deleted }));
    this.#on<BulkChanged>('bulk.changed', (bulk) => ({ kind: 'bulk', bulk }));
    this.#on('settings.changed', () => ({ kind: 'settings' }));
    this.#on('mailbox.changed', () => ({ kind: 'mailbox' }));
    this.#on('profile.erased', () => ({ kind: 'reload' }));
    this.#on('reload', () => ({ kind: 'reload' }));
    // The first time there is no number to go on from: what was fetched meanwhile may be older than the stream.
    const first = this.#last === '';
    this.#on('ready', () => (first && this.#last === '' ? { kind: 'reload' } : null));
  }

  #on<T>(name: string, read: (data: T) => LiveEvent | null) {
    this.#source?.addEventListener(name, (message: MessageEvent<string>) => {
      const event = read(JSON.parse(message.data) as T);
      if (message.lastEventId) this.#last = message.lastEventId;
      if (event) for (const listener of this.#listeners) listener(event);
    });
  }

  /** The browser gave up, as the server answered with an error: try again, ever more slowly. */
  #again() {
    this.#source?.close();
    clearTimeout(this.#retry);
    // An event source does not say why it was refused; a call does, and leads to the sign-in where the session has ended.
    void tickets.badge().catch(() => {});
    this.#retry = setTimeout(() => this.#connect(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }

  #mend() {
    clearTimeout(this.#notice);
    this.#notice = undefined;
    this.#wait = FIRST_WAIT;
    this.broken = false;
  }
}

export const live = new Live();
