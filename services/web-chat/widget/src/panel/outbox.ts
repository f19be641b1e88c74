// Messages on their way: kept until the server has them, sent again with the same id, stored once.

import type { World } from './connection';
import type { ClientFrame } from './protocol';
import type { Store } from './store';
import type { Item, Unsent } from './thread';

const ACK_WITHIN = 20_000;
const SEND_AGAIN_AFTER = 3_000;
const MOST_TRIES = 4;
/** Refusals that another try cannot change. */
const FINAL = ['too_long', 'empty', 'bad_attachment', 'too_many_attachments', 'attachments_not_supported'];

/** What the conversation does for its outbox. */
export interface Sender {
  /** The message as it stands now. */
  item(key: string): Item | undefined;
  /** `false` when there is no line. */
  send(frame: ClientFrame): boolean;
  failed(key: string, problem: string): void;
}

export class Outbox {
  #tries = new Map<string, number>();
  #timers = new Map<string, () => void>();

  constructor(
    private readonly world: World,
    private readonly store: Store,
    private readonly sender: Sender,
  ) {}

  put(unsent: Unsent): void {
    this.store.keepUnsent(unsent);
  }

  send(key: string): void {
    const item = this.sender.item(key);
    if (!item || item.fate !== 'sending') return;
    const attachments = item.attachments.map((file) => file.id);
    const files = attachments.length > 0 && { attachments };
    if (!this.sender.send({ type: 'message', client_id: key, text: item.text, ...files })) return;
    this.#later(key, ACK_WITHIN, () => this.#tryAgain(key));
  }

  /** The visitor says so: from the first try on. */
  again(key: string): void {
    this.#tries.delete(key);
    this.send(key);
  }

  refused(key: string, code: string, after: number | undefined): void {
    if (FINAL.includes(code) || after === undefined) return this.#fail(key, code);
    // Too fast is no failed try: it only has to wait its turn.
    const call = () => (code === 'rate_limited' ? this.send(key) : this.#tryAgain(key));
    this.#later(key, Math.max(after, code === 'rate_limited' ? 200 : SEND_AGAIN_AFTER), call);
  }

  /** The server has it, or nobody wants it any more. */
  done(key: string): void {
    this.#cancel(key);
    this.#tries.delete(key);
    this.store.dropUnsent(key);
  }

  stop(): void {
    for (const key of [...this.#timers.keys()]) this.#cancel(key);
  }

  #tryAgain(key: string): void {
    const tries = (this.#tries.get(key) ?? 1) + 1;
    this.#tries.set(key, tries);
    if (tries <= MOST_TRIES) this.send(key);
    else this.#fail(key, 'not_stored');
  }

  #fail(key: string, problem: string): void {
    this.#cancel(key);
    this.sender.failed(key, problem);
  }

  #later(key: string, milliseconds: number, call: () => void): void {
    this.#cancel(key);
    this.#timers.set(key, this.world.after(milliseconds, call));
  }

  #cancel(key: string): void {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
  }
}
