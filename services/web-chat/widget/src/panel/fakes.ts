// A world to turn by hand, for the tests.

import type { Way, Wire, World } from './connection';
import type { ClientFrame, Message, Ready, ServerFrame } from './protocol';

export class FakeWire implements Wire {
  onopen: Wire['onopen'] = null;
  onmessage: Wire['onmessage'] = null;
  onclose: Wire['onclose'] = null;
  sent: ClientFrame[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientFrame);
  }

  close(): void {
    this.closed = true;
  }

  open(): void {
    this.onopen?.({} as Event);
  }

  says(frame: ServerFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) } as MessageEvent);
  }

  ends(code = 1006): void {
    this.onclose?.({ code } as CloseEvent);
  }

  of<T extends ClientFrame['type']>(type: T): Extract<ClientFrame, { type: T }>[] {
    return this.sent.filter((frame): frame is Extract<ClientFrame, { type: T }> => frame.type === type);
  }
}

export class FakeWorld implements World {
  time = Date.parse('2026-11-21T09:00:00Z');
  dice = 0.5;
  wires: FakeWire[] = [];
  #due: { at: number; call: () => void }[] = [];

  ways: Way[] = [];

  open(way: Way): Wire {
    this.ways.push(way);
    const wire = new FakeWire();
    this.wires.push(wire);
    return wire;
  }

  after(milliseconds: number, call: () => void): () => void {
    const entry = { at: this.time + milliseconds, call };
    this.#due.push(entry);
    return () => void (this.#due = this.#due.filter((one) => one !== entry));
  }

  now(): number {
    return this.time;
  }

  random(): number {
    return this.dice;
  }

  get wire(): FakeWire {
    const wire = this.wires.at(-1);
    if (!wire) throw new Error('no socket was opened');
    return wire;
  }

  /** Lets time pass, timers in their order. */
  pass(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (;;) {
      const next = this.#due.filter((one) => one.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#due = this.#due.filter((one) => one !== next);
      this.time = Math.max(this.time, next.at);
      next.call();
    }
    this.time = end;
  }
}

export const ready = (by: Partial<Ready> = {}): Ready => ({
  type: 'ready',
  session: 'session-1',
  resume: 'token-1',
  seq: 0,
  messages: [],
  ticket: null,
  office: { open: true, next_open_at: null },
  branding: { color: '#2f5bd7', title: 'Acme', subtitle: '', welcome_message: '' },
  ...by,
});

export const message = (seq: number, text: string, by: Partial<Message> = {}): Message => ({
  seq,
  id: `message-${seq}`,
  author: { kind: 'agent', name: 'Maya' },
  text,
  attachments: [],
  sent_at: '2026-11-21T09:00:00.000Z',
  ...by,
});
