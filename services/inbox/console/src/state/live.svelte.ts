import type { Message, MessageStatus, Ticket } from '../api/shapes';

/** The live stream: numbered events, resumed by the browser from the last number it saw. */

export type LiveEvent =
  | { kind: 'message'; ticket: Ticket; message: Message }
  | { kind: 'moved'; ticketId: string; messageId: string; status: MessageStatus; error: Message['error'] }
  | { kind: 'ticket'; ticket: Ticket }
  | { kind: 'settings' }
  /** Something was missed: fetch everything shown again. */
  | { kind: 'reload' };

type Listener = (event: LiveEvent) => void;

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15_000;

class Live {
  /** Shown only once a break has lasted a moment, so that a blink is not news. */
  broken = $state(false);

  #source: EventSource | null = null;
  #listeners = new Set<Listener>();
  #opened = false;
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
    this.#opened = false;
    clearTimeout(this.#retry);
    this.#mend();
  }

  #connect() {
    const source = new EventSource('/api/v1/live');
    this.#source = source;
    const resumed = this.#opened;
    source.onopen = () => {
      this.#wait = FIRST_WAIT;
      this.#mend();
      // A connection of our own making starts without a number, so what lies between is fetched.
      if (resumed || !this.#opened) this.#tell({ kind: 'reload' });
      this.#opened = true;
    };
    source.onerror = () => {
      this.#break();
      if (source.readyState === EventSource.CLOSED) this.#again();
    };
    const on = (name: string, read: (data: never) => LiveEvent) =>
      source.addEventListener(name, (event) => this.#tell(read(JSON.parse((event as MessageEvent<string>).data) as never)));
    for (const name of ['message.received', 'message.queued'])
      on(name, ({ ticket, message }: { ticket: Ticket; message: Message }) => ({ kind: 'message', ticket, message }));
    on('message.moved', (moved: { ticket_id: string; message_id: string; status: MessageStatus; error: Message['error'] }) => ({
      kind: 'moved',
      ticketId: moved.ticket_id,
      messageId: moved.message_id,
      status: moved.status,
      error: moved.error,
    }));
    on('ticket.changed', ({ ticket }: { ticket: Ticket }) => ({ kind: 'ticket', ticket }));
    source.addEventListener('settings.changed', () => this.#tell({ kind: 'settings' }));
    source.addEventListener('reload', () => this.#tell({ kind: 'reload' }));
  }

  /** The browser gave up (the server answered with an error): try again, ever more slowly. */
  #again() {
    this.#source?.close();
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }

  #break() {
    this.#notice ??= setTimeout(() => (this.broken = true), 1200);
  }

  #mend() {
    clearTimeout(this.#notice);
    this.#notice = undefined;
    this.broken = false;
  }

  #tell(event: LiveEvent) {
    for (const listener of this.#listeners) listener(event);
  }
}

export const live = new Live();
