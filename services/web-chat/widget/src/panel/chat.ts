// The chat as the panel shows it: what the server says and the visitor does, in one view.

import { Connection, type Listener, type Phase, type World } from './connection';
import type { Branding, ClientFrame, Office, Ready, ServerFrame, Ticket, Visitor } from './protocol';
import { MAX_TEXT } from './protocol';
import type { Store } from './store';
import { change, itemOf, merge, newest, unreadAfter, unsentItem, type Item, type Unsent } from './thread';

export interface View {
  phase: Phase;
  /** The first `ready` has come. */
  known: boolean;
  items: Item[];
  ticket: Ticket | null;
  office: Office;
  branding: Branding;
  /** Who types on the other side. */
  typing: string | null;
  unread: number;
  /** Worth asking for a way to reach the visitor. */
  asking: boolean;
  /** Why the last answer to that was not taken. */
  askProblem: string | null;
}

export const DEFAULT_BRANDING: Branding = { color: '#2f5bd7', title: 'Chat', subtitle: '', welcome_message: '' };

const TYPING_SHOWN = 8_000;
const TYPING_TOLD_EVERY = 2_500;
const IDLE_AFTER = 5_000;
const ACK_WITHIN = 20_000;
const SEND_AGAIN_AFTER = 3_000;
const MOST_TRIES = 4;
/** Refusals that another try cannot change. */
const FINAL: Record<string, string> = {
  too_long: `Longer than ${MAX_TEXT.toLocaleString('en')} characters`,
  empty: 'There is nothing in it',
};

export class Chat implements Listener {
  view: View;
  #line: Connection;
  #visitor: Visitor;
  #page: string | undefined;
  #session: string | null = null;
  #shown = false;
  #seen: number;
  #tries = new Map<string, number>();
  #timers = new Map<string, () => void>();
  #toldTyping = 0;

  constructor(
    private readonly world: World,
    private readonly store: Store,
    private readonly onchange: (view: View) => void,
    private readonly newId: () => string,
    private readonly locale?: string,
  ) {
    this.#line = new Connection(world, this);
    this.#visitor = store.get('visitor') ?? {};
    if (!this.#visitor.id) this.#know({ id: newId() });
    this.#seen = store.get('seen') ?? 0;
    this.view = {
      phase: 'connecting',
      known: false,
      items: store.unsent().map(unsentItem),
      ticket: null,
      office: { open: null, next_open_at: null },
      branding: store.get('branding') ?? DEFAULT_BRANDING,
      typing: null,
      unread: 0,
      asking: false,
      askProblem: null,
    };
  }

  start(): void {
    this.#line.start();
  }

  stop(): void {
    this.#line.stop();
    for (const cancel of this.#timers.values()) cancel();
  }

  /** Tries to connect now. */
  retry(): void {
    this.#line.retry();
  }

  /** The page around says where it is and, perhaps, who its user is. */
  around(page: string | undefined, visitor: Visitor | undefined): void {
    this.#page = page ?? this.#page;
    if (!visitor) return;
    const { name, email } = visitor;
    const signedIn = visitor.signature !== undefined && visitor.signature !== this.#visitor.signature;
    this.#know(visitor);
    if (signedIn && this.view.phase === 'open') this.#reopen();
    else if (name || email) this.#line.send({ type: 'identify', ...(email && { email }), ...(name && { name }) });
  }

  write(text: string): boolean {
    if (text.trim() === '' || [...text].length > MAX_TEXT) return false;
    const unsent: Unsent = { client_id: this.newId(), text, at: this.world.now() };
    this.store.keepUnsent(unsent);
    this.#set({ items: merge(this.view.items, [unsentItem(unsent)]) });
    this.#tellTyping(false);
    this.#send(unsent.client_id);
    return true;
  }

  /** Once more, with the same id: stored once however often it is sent. */
  again(key: string): void {
    this.#tries.delete(key);
    this.#set({ items: change(this.view.items, key, { fate: 'sending' }) });
    this.#line.retry();
    this.#send(key);
  }

  discard(key: string): void {
    this.#done(key);
    this.#set({ items: this.view.items.filter((item) => item.key !== key) });
  }

  typed(): void {
    if (this.world.now() - this.#toldTyping >= TYPING_TOLD_EVERY) this.#tellTyping(true);
    this.#later('idle', IDLE_AFTER, () => this.#tellTyping(false));
  }

  identify(email: string, name: string): void {
    const known = { ...(email && { email }), ...(name && { name }) };
    this.#know(known);
    this.store.set('asked', true);
    this.#set({ asking: false, askProblem: null });
    this.#line.send({ type: 'identify', ...known });
  }

  doNotAsk(): void {
    this.store.set('asked', true);
    this.#set({ asking: false, askProblem: null });
  }

  end(): void {
    this.#line.send({ type: 'end' });
  }

  /** Whether the visitor can see the conversation now. */
  show(shown: boolean): void {
    this.#shown = shown;
    this.#see();
  }

  // --- what the line says

  hello(): ClientFrame {
    const resume = this.store.get('resume');
    const visitor = this.#visitor;
    return {
      type: 'hello',
      ...(resume && { resume, last_seq: this.#session ? newest(this.view.items) : 0 }),
      visitor,
      ...(this.locale && { locale: this.locale }),
      ...(this.#page && { page: this.#page }),
    };
  }

  forget(): void {
    this.store.set('resume', undefined);
    this.#session = ''; // what stands here belongs to a session that is no more
  }

  changed(): void {
    this.#set({ phase: this.#line.phase });
  }

  heard(frame: ServerFrame): void {
    switch (frame.type) {
      case 'ready':
        return this.#ready(frame);
      case 'message':
        this.#done(frame.client_id ?? frame.id);
        this.#set({ items: merge(this.view.items, [itemOf(frame)]), ...(frame.author.kind === 'agent' && { typing: null }) });
        return this.#see();
      case 'ack':
        this.#done(frame.client_id);
        this.#set({ items: change(this.view.items, frame.client_id, { fate: 'sent', seq: frame.seq }) });
        return this.#ask();
      case 'status':
        return this.#set({ ticket: frame.ticket, ...(frame.ticket === 'closed' && { typing: null }) });
      case 'typing':
        this.#set({ typing: frame.on ? frame.name : null });
        return this.#later('typing', TYPING_SHOWN, () => this.#set({ typing: null }));
      case 'seen':
        return this.#sawUpTo(frame.seq);
      case 'error':
        return this.#refused(frame.code, frame.client_id, frame.retry_after_ms);
      case 'pong':
      case 'bye':
        return;
    }
  }

  #ready(ready: Ready): void {
    const before = this.#session;
    const afresh = (before !== null && before !== ready.session) || ready.truncated === true;
    this.#session = ready.session;
    this.store.set('resume', ready.resume);
    this.store.set('branding', ready.branding);
    if (this.#seen > ready.seq) this.#seen = 0;
    for (const message of ready.messages) this.#done(message.client_id ?? message.id);
    const kept = afresh ? this.view.items.filter((item) => item.fate !== 'sent') : this.view.items;
    const { ticket, office, branding } = ready;
    this.#set({ known: true, items: merge(kept, ready.messages.map(itemOf)), ticket, office, branding, typing: null });
    this.#see();
    this.world.after(0, () => this.#sendAll());
  }

  #sendAll(): void {
    for (const item of this.view.items) if (item.fate === 'sending') this.#send(item.key);
    this.#ask();
  }

  #send(key: string): void {
    const item = this.view.items.find((one) => one.key === key);
    if (!item || item.fate !== 'sending') return;
    if (!this.#line.send({ type: 'message', client_id: key, text: item.text })) return;
    this.#later(`ack:${key}`, ACK_WITHIN, () => this.#tryAgain(key));
  }

  #tryAgain(key: string): void {
    const tries = (this.#tries.get(key) ?? 1) + 1;
    this.#tries.set(key, tries);
    if (tries <= MOST_TRIES) this.#send(key);
    else this.#fail(key, 'Not sent');
  }

  #refused(code: string, key?: string, after?: number): void {
    if (code === 'bad_email') {
      this.#know({ email: undefined });
      return this.#set({ asking: true, askProblem: 'This is not an email address.' });
    }
    if (key === undefined) return;
    const final = FINAL[code];
    if (final !== undefined) return this.#fail(key, final);
    if (after === undefined) return this.#fail(key, 'Not sent');
    // Too fast is no failed try: it only has to wait its turn.
    const call = () => (code === 'rate_limited' ? this.#send(key) : this.#tryAgain(key));
    this.#later(`ack:${key}`, Math.max(after, code === 'rate_limited' ? 200 : SEND_AGAIN_AFTER), call);
  }

  #fail(key: string, problem: string): void {
    this.#cancel(`ack:${key}`);
    this.#set({ items: change(this.view.items, key, { fate: 'failed', problem }) });
  }

  /** The server has it, or nobody wants it any more. */
  #done(key: string): void {
    this.#cancel(`ack:${key}`);
    this.#tries.delete(key);
    this.store.dropUnsent(key);
  }

  #see(): void {
    const last = newest(this.view.items);
    if (this.#shown && last > this.#seen) {
      if (unreadAfter(this.view.items, this.#seen) > 0) this.#line.send({ type: 'seen', seq: last });
      return this.#sawUpTo(last);
    }
    this.#set({ unread: unreadAfter(this.view.items, this.#seen) });
  }

  #sawUpTo(seq: number): void {
    this.#seen = Math.max(this.#seen, seq);
    this.store.set('seen', this.#seen);
    this.#set({ unread: unreadAfter(this.view.items, this.#seen) });
  }

  /** After the first message of somebody nobody could write to. */
  #ask(): void {
    const wrote = this.view.items.some((item) => item.mine && item.fate === 'sent');
    const asking = wrote && !this.#visitor.email && !this.store.get('asked');
    if (asking !== this.view.asking) this.#set({ asking });
  }

  #tellTyping(on: boolean): void {
    this.#cancel('idle');
    if (!on && this.#toldTyping === 0) return;
    this.#toldTyping = on ? this.world.now() : 0;
    this.#line.send({ type: 'typing', on });
  }

  #know(more: Visitor): void {
    this.#visitor = { ...this.#visitor, ...more };
    const { signature: _never, ...kept } = this.#visitor;
    // A signed id is the site's to give again; only the browser's own is kept.
    if (more.signature === undefined && this.#visitor.signature === undefined) this.store.set('visitor', kept);
  }

  #reopen(): void {
    this.#line.stop();
    this.#line = new Connection(this.world, this);
    this.#line.start();
  }

  #later(name: string, milliseconds: number, call: () => void): void {
    this.#cancel(name);
    this.#timers.set(name, this.world.after(milliseconds, call));
  }

  #cancel(name: string): void {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
  }

  #set(by: Partial<View>): void {
    this.view = { ...this.view, ...by };
    this.onchange(this.view);
  }
}
