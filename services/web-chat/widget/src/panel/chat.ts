// The chat as the panel shows it: what the server says and the visitor does, in one view.

import { Connection, type Listener } from './connection';
import type { Options } from './options';
import { Outbox, type Sender } from './outbox';
import type { Attachment, ClientFrame, Form, Message, Ready, ServerFrame, Visitor } from './protocol';
import { MAX_TEXT } from './protocol';
import { yields, type Session } from './tabs';
import { change, itemOf, merge, newest, unreadAfter, unsentItem, type Item, type Unsent } from './thread';
import { DEFAULT_BRANDING, FIRST_VIEW, type View } from './view';

const TYPING_SHOWN = 8_000;
const TYPING_TOLD_EVERY = 2_500;
const IDLE_AFTER = 5_000;

export class Chat implements Listener, Sender {
  view: View;
  #line: Connection;
  #outbox: Outbox;
  #visitor: Visitor;
  #page: string | undefined;
  #started = false;
  #session: string | null = null;
  #resume = '';
  #shown = false;
  #seen: number;
  #timers = new Map<string, () => void>();
  #toldTyping = 0;
  #askedFor: 'ask' | 'transcript' = 'ask';

  constructor(private readonly options: Options) {
    const { world, store, newId } = options;
    this.#line = new Connection(world, this);
    this.#outbox = new Outbox(world, store, this);
    this.#visitor = store.get('visitor') ?? {};
    if (!this.#visitor.id) this.#know({ id: newId() });
    this.#seen = store.get('seen') ?? 0;
    this.view = {
      ...FIRST_VIEW,
      items: store.unsent().map(unsentItem),
      branding: store.get('branding') ?? DEFAULT_BRANDING,
      languages: store.get('languages') ?? [],
      email: this.#visitor.email ?? '',
    };
  }

  start(): void {
    this.#started = true;
    this.#line.start();
  }

  stop(): void {
    this.#line.stop();
    this.#outbox.stop();
    for (const cancel of this.#timers.values()) cancel();
  }

  /** Tries to connect now. */
  retry(): void {
    this.#line.retry();
  }

  /** What files are put up with, while there is a line. */
  get token(): string {
    return this.view.phase === 'open' ? this.#resume : '';
  }

  /** The page around says where it is and, perhaps, who its user is. */
  around(page: string | undefined, visitor: Visitor | undefined): void {
    this.#page = page ?? this.#page;
    if (!visitor) return;
    const known = contact(visitor.email, visitor.name);
    const signedIn = visitor.signature !== undefined && visitor.signature !== this.#visitor.signature;
    this.#know(visitor);
    if (signedIn) this.#reopen();
    else if (known.email || known.name) this.#line.send({ type: 'identify', ...known });
  }

  /** Goes on with the chat of a token: from a mail, or from another tab. */
  goOn(resume: string): void {
    this.options.store.set('resume', resume);
    this.#reopen();
  }

  /** Somebody else may sit here now: nothing of this visitor stays. */
  logout(): void {
    this.options.store.clear();
    this.#outbox.stop();
    this.#visitor = {};
    this.#know({ id: this.options.newId() });
    this.#seen = 0;
    this.#set({ items: [], history: [], ticket: null, unread: 0, asking: false, email: '', mailed: null, rating: null });
    this.#reopen();
  }

  write(text: string, attachments: Attachment[] = []): boolean {
    if ((text.trim() === '' && attachments.length === 0) || [...text].length > MAX_TEXT) return false;
    const files = attachments.length > 0 && { attachments };
    const unsent: Unsent = { client_id: this.options.newId(), text, at: this.options.world.now(), ...files };
    this.#outbox.put(unsent);
    this.#set({ items: merge(this.view.items, [unsentItem(unsent)]), mailed: null });
    this.#tellTyping(false);
    this.#outbox.send(unsent.client_id);
    return true;
  }

  /** Once more, with the same id: stored once however often it is sent. */
  again(key: string): void {
    this.#set({ items: change(this.view.items, key, { fate: 'sending' }) });
    this.#line.retry();
    this.#outbox.again(key);
  }

  discard(key: string): void {
    this.#outbox.done(key);
    this.#set({ items: this.view.items.filter((item) => item.key !== key) });
  }

  typed(): void {
    if (this.options.world.now() - this.#toldTyping >= TYPING_TOLD_EVERY) this.#tellTyping(true);
    this.#later('idle', IDLE_AFTER, () => this.#tellTyping(false));
  }

  identify(email: string, name: string): void {
    const known = contact(email, name);
    this.#know(known);
    this.#askedFor = 'ask';
    this.doNotAsk();
    this.#line.send({ type: 'identify', ...known });
  }

  doNotAsk(): void {
    this.options.store.set('asked', true);
    this.#set({ asking: false, badEmail: null });
  }

  /** The form before the chat is filled in. */
  fillIn(form: Form): void {
    const known = contact(form['email'], form['name']);
    this.options.store.set('form', form);
    this.#know(known);
    this.#set({ form: [] });
    this.#line.send({ type: 'identify', ...known, form });
  }

  end(): void {
    this.#line.send({ type: 'end' });
  }

  rate(score: number, comment: string): void {
    if (!this.#line.send({ type: 'rate', score, ...(comment.trim() && { comment: comment.trim() }) })) return;
    this.#rated();
  }

  mailTo(email: string): void {
    this.#askedFor = 'transcript';
    this.#set({ badEmail: null, mailed: null });
    this.#line.send({ type: 'transcript', email });
  }

  /** Whether the visitor can see the conversation now. */
  show(shown: boolean): void {
    this.#shown = shown;
    this.#see();
  }

  /** What another tab says. */
  heardTab(theirs: Session): void {
    const mine = this.#mine();
    if (mine && yields(mine, theirs)) this.goOn(theirs.resume);
  }

  // --- what the outbox asks

  item(key: string): Item | undefined {
    return this.view.items.find((one) => one.key === key);
  }

  send(frame: ClientFrame): boolean {
    return this.#line.send(frame);
  }

  failed(key: string, problem: string): void {
    this.#set({ items: change(this.view.items, key, { fate: 'failed', problem }) });
  }

  // --- what the line says

  hello(): ClientFrame {
    const { store, locale } = this.options;
    const resume = store.get('resume');
    const form = store.get('form');
    return {
      type: 'hello',
      ...(resume && { resume, last_seq: this.#session ? newest(this.view.items) : 0 }),
      visitor: this.#visitor,
      ...(locale && { locale }),
      ...(this.#page && { page: this.#page }),
      ...(form && { form }),
    };
  }

  forget(): void {
    this.options.store.set('resume', undefined);
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
        return this.#message(frame);
      case 'ack':
        this.#outbox.done(frame.client_id);
        this.#set({ items: change(this.view.items, frame.client_id, { fate: 'sent', seq: frame.seq }) });
        this.options.onhappening?.({ name: 'sent' });
        return this.#ask();
      case 'status':
        return this.#status(frame.ticket);
      case 'typing':
        this.#set({ typing: frame.on ? frame.name : null });
        return this.#later('typing', TYPING_SHOWN, () => this.#set({ typing: null }));
      case 'seen':
        if (frame.by === 'agent') return this.#set({ readUpTo: Math.max(this.view.readUpTo, frame.seq) });
        return this.#sawUpTo(frame.seq);
      case 'rated':
        return this.#rated();
      case 'transcript':
        return this.#set({ mailed: frame.email });
      case 'error':
        return this.#refused(frame.code, frame.client_id, frame.retry_after_ms);
      case 'pong':
      case 'bye':
        return;
    }
  }

  #ready(ready: Ready): void {
    const { store, onhappening } = this.options;
    const another = this.#session !== null && this.#session !== ready.session;
    const afresh = another || ready.truncated === true;
    const first = this.#session === null;
    this.#session = ready.session;
    this.#resume = ready.resume;
    store.set('resume', ready.resume);
    store.set('branding', ready.branding);
    store.set('languages', ready.languages);
    if (this.#seen > ready.seq) this.#seen = 0;
    for (const message of ready.messages) this.#outbox.done(message.client_id ?? message.id);
    const kept = afresh ? this.view.items.filter((item) => item.fate !== 'sent') : this.view.items;
    // A tab that is no more may have left something behind.
    const left = store.unsent().filter((one) => !this.item(one.client_id)).map(unsentItem);
    const items = merge([...kept, ...left], ready.messages.map(itemOf));
    const { ticket, office, branding } = ready;
    const begun = ticket !== null || items.length > 0 || store.get('form') !== undefined;
    this.#set({
      known: true,
      items,
      history: ready.history ?? (afresh ? [] : this.view.history),
      ticket,
      ...(another && { readUpTo: 0 }),
      office,
      agents: ready.agents_online ?? null,
      branding,
      form: begun ? [] : (ready.form?.fields ?? []),
      languages: ready.languages ?? [],
      typing: null,
    });
    this.#see();
    this.#judge();
    this.#tellTabs();
    if (first) onhappening?.({ name: 'ready' });
    this.options.world.after(0, () => this.#sendAll());
  }

  #message(message: Message): void {
    const other = message.author.kind !== 'customer';
    this.#outbox.done(message.client_id ?? message.id);
    this.#set({ items: merge(this.view.items, [itemOf(message)]), form: [], ...(other && { typing: null }) });
    this.#see();
    if (other) this.options.onhappening?.({ name: 'message', message });
  }

  #status(ticket: View['ticket']): void {
    const begins = this.view.ticket === null;
    this.#set({ ticket, ...(ticket === 'closed' && { typing: null, asking: false }) });
    this.#judge();
    if (begins) this.#tellTabs();
    if (ticket === 'closed') this.options.onhappening?.({ name: 'ended' });
  }

  #sendAll(): void {
    for (const item of this.view.items) if (item.fate === 'sending') this.#outbox.send(item.key);
    this.#ask();
  }

  #refused(code: string, key?: string, after?: number): void {
    if (code === 'bad_email') {
      const asking = this.#askedFor === 'ask';
      if (asking) this.#know({ email: undefined });
      return this.#set({ badEmail: this.#askedFor, ...(asking && { asking }) });
    }
    if (key !== undefined) this.#outbox.refused(key, code, after);
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
    this.options.store.set('seen', this.#seen);
    this.#set({ unread: unreadAfter(this.view.items, this.#seen) });
  }

  /** After the first message of somebody nobody could write to. */
  #ask(): void {
    const wrote = this.view.items.some((item) => item.mine && item.fate === 'sent');
    const asking = wrote && this.view.ticket !== 'closed' && !this.#visitor.email && !this.options.store.get('asked');
    if (asking !== this.view.asking) this.#set({ asking });
  }

  /** A chat that is over and in which somebody answered is worth a word. */
  #judge(): void {
    const answered = this.view.items.findLast((item) => item.kind === 'agent')?.seq ?? 0;
    const open = this.view.ticket !== 'closed' || answered === 0;
    const rated = answered <= (this.options.store.get('rated') ?? 0);
    this.#set({ rating: open ? null : rated ? 'done' : 'ask' });
  }

  #rated(): void {
    this.options.store.set('rated', newest(this.view.items));
    this.#set({ rating: 'done' });
  }

  #tellTyping(on: boolean): void {
    this.#cancel('idle');
    if (!on && this.#toldTyping === 0) return;
    this.#toldTyping = on ? this.options.world.now() : 0;
    this.#line.send({ type: 'typing', on });
  }

  #know(more: Visitor): void {
    this.#visitor = { ...this.#visitor, ...more };
    const { signature: _never, ...kept } = this.#visitor;
    // A signed id is the site's to give again; only the browser's own is kept.
    if (more.signature === undefined && this.#visitor.signature === undefined) this.options.store.set('visitor', kept);
    if (this.view) this.#set({ email: this.#visitor.email ?? '' });
  }

  #mine(): Session | null {
    return this.#session ? { session: this.#session, resume: this.#resume, begun: this.view.ticket !== null } : null;
  }

  #tellTabs(): void {
    const mine = this.#mine();
    if (mine) this.options.tabs?.tell(mine);
  }

  #reopen(): void {
    if (!this.#started) return;
    this.#session = '';
    this.#line.stop();
    this.#line = new Connection(this.options.world, this);
    this.#line.start();
  }

  #later(name: string, milliseconds: number, call: () => void): void {
    this.#cancel(name);
    this.#timers.set(name, this.options.world.after(milliseconds, call));
  }

  #cancel(name: string): void {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
  }

  #set(by: Partial<View>): void {
    this.view = { ...this.view, ...by };
    this.options.onchange?.(this.view);
  }
}

const contact = (email: string | undefined, name: string | undefined): Visitor => ({ ...(email && { email }), ...(name && { name }) });
