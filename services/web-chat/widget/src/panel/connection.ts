// One line after another: says hello, keeps the line alive, comes back after a loss. Where sockets do not get through, it
// goes on over plain HTTP.

import { readFrame, writeFrame, type ClientFrame, type ServerFrame } from './protocol';

/** What a WebSocket must be able to do here. */
export interface Wire {
  send(text: string): void;
  close(): void;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
}

/** How frames travel: over a WebSocket, or over a response that goes on and on, and posts. */
export type Way = 'socket' | 'stream';

/** The world around, so that tests can turn it by hand. */
export interface World {
  open(way: Way): Wire;
  /** Calls later; the answer calls it off. */
  after(milliseconds: number, call: () => void): () => void;
  now(): number;
  random(): number;
}

/** `waiting`: the line is lost and will be tried again by itself. `refused`: not on this page. */
export type Phase = 'connecting' | 'open' | 'waiting' | 'refused';

export interface Listener {
  /** The first frame of every socket. */
  hello(): ClientFrame;
  /** The resume token is not known: forget it. */
  forget(): void;
  heard(frame: ServerFrame): void;
  changed(): void;
}

const READY_WITHIN = 10_000;
const PING_EVERY = 25_000;
const PONG_WITHIN = 10_000;
const PROBED_WITHIN = 4_000;
const STABLE_AFTER = 60_000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 20_000;
const SHORTEST_WAIT = 250;
const BAD_RESUME = 4501;
const FIRST_FINAL = 4500;
/** Lines in a row that never got to `ready`, before the other way is tried. */
const LOST_BEFORE_OTHER_WAY = 2;

export class Connection {
  phase: Phase = 'connecting';
  #wire: Wire | null = null;
  #way: Way = 'socket';
  #neverReady = 0;
  #tries = 0;
  #openedAt = 0;
  #comeBackAfter: number | null = null;
  #timers = new Set<() => void>();

  constructor(
    private readonly world: World,
    private readonly listener: Listener,
  ) {}

  start(): void {
    this.#calm();
    this.#comeBackAfter = null;
    this.#enter('connecting');
    const wire = this.world.open(this.#way);
    this.#wire = wire;
    wire.onopen = () => wire.send(writeFrame(this.listener.hello()));
    wire.onmessage = (event) => this.#heard(wire, event.data);
    wire.onclose = (event) => this.#lost(wire, event.code);
    this.#later(READY_WITHIN, () => this.#drop(wire));
  }

  /** Tries at once instead of later. A line that is there has to show that it is alive: it may have died meanwhile. */
  retry(): void {
    if (this.phase === 'waiting') this.start();
    if (this.phase === 'open' && this.#wire) this.#ping(this.#wire, PROBED_WITHIN);
  }

  /** `false` when there is no line: whoever sends keeps it. */
  send(frame: ClientFrame): boolean {
    if (this.phase !== 'open' || !this.#wire) return false;
    this.#wire.send(writeFrame(frame));
    return true;
  }

  stop(): void {
    this.#calm();
    this.#drop(this.#wire, false);
  }

  #heard(wire: Wire, data: unknown): void {
    const frame = typeof data === 'string' ? readFrame(data) : null;
    if (wire !== this.#wire || !frame) return;
    if (this.phase === 'open') this.#keepAlive(wire);
    if (frame.type === 'bye') this.#comeBackAfter = frame.retry_after_ms;
    if (frame.type === 'ready') {
      this.#openedAt = this.world.now();
      this.#neverReady = 0;
      this.#keepAlive(wire);
      this.phase = 'open';
    }
    this.listener.heard(frame);
    if (frame.type === 'ready') this.listener.changed();
  }

  #keepAlive(wire: Wire): void {
    this.#calm();
    const pause = PING_EVERY * (0.9 + 0.2 * this.world.random());
    this.#later(pause, () => this.#ping(wire, PONG_WITHIN));
  }

  #ping(wire: Wire, within: number): void {
    wire.send(writeFrame({ type: 'ping' }));
    this.#later(within, () => this.#drop(wire));
  }

  /** The line is dead although nobody closed it. */
  #drop(wire: Wire | null, again = true): void {
    if (!wire || wire !== this.#wire) return;
    wire.onopen = wire.onmessage = wire.onclose = null;
    wire.close();
    if (again) this.#lost(wire, 1006);
    else this.#wire = null;
  }

  #lost(wire: Wire, code: number): void {
    if (wire !== this.#wire) return;
    this.#chooseWay();
    const wasStable = this.phase === 'open' && this.world.now() - this.#openedAt >= STABLE_AFTER;
    this.#wire = null;
    this.#calm();
    if (wasStable) this.#tries = 0;
    if (code === BAD_RESUME) this.listener.forget();
    else if (code >= FIRST_FINAL && code < 5000) return this.#enter('refused');
    const wait = this.#comeBackAfter ?? this.#backOff();
    this.#tries += 1;
    this.#later(wait, () => this.start());
    this.#enter('waiting');
  }

  /** A line that worked is followed by a socket, whatever it was; one that never did, now and then by the other way. */
  #chooseWay(): void {
    if (this.phase === 'open') this.#way = 'socket';
    else if ((this.#neverReady += 1) % LOST_BEFORE_OTHER_WAY === 0) this.#way = this.#way === 'socket' ? 'stream' : 'socket';
  }

  /** Full jitter: somewhere between now and twice as long as last time. */
  #backOff(): number {
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#tries);
    return Math.max(SHORTEST_WAIT, Math.round(this.world.random() * longest));
  }

  #enter(phase: Phase): void {
    this.phase = phase;
    this.listener.changed();
  }

  #later(milliseconds: number, call: () => void): void {
    const cancel = this.world.after(milliseconds, () => {
      this.#timers.delete(cancel);
      call();
    });
    this.#timers.add(cancel);
  }

  #calm(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }
}
