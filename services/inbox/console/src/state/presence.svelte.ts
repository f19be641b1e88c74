import { SvelteMap } from 'svelte/reactivity';
import { tickets as api } from '../api/calls';
import { newKey } from './key';
import type { LiveEvent } from './live.svelte';
import { session } from './session.svelte';

/** Which colleagues look at a ticket or write in it. Nothing of it is kept anywhere. */

export interface Colleague {
  userId: string;
  name: string;
  writing: boolean;
}

type State = 'viewing' | 'writing' | 'gone';
interface Heard extends Colleague {
  until: number;
}

/** How often it is said again, and how long whoever is not heard of stays. */
const AGAIN = 15_000;
const FORGOTTEN = 40_000;
/** Who stopped writing without saying so writes no more after this long. */
const WRITES = 5000;

class Presence {
  /** By ticket, by window. */
  #all = new SvelteMap<string, SvelteMap<string, Heard>>();
  #window = newKey();
  #at: string | null = null;
  #said: State = 'gone';
  #stops: ReturnType<typeof setTimeout> | undefined;

  /** Others at a ticket, each once. */
  at(ticketId: string): Colleague[] {
    const people = new Map<string, Colleague>();
    for (const { userId, name, writing } of this.#all.get(ticketId)?.values() ?? []) {
      people.set(userId, { userId, name, writing: writing || (people.get(userId)?.writing ?? false) });
    }
    return [...people.values()];
  }

  /** What is in sight now; `null` where nothing is. */
  look(ticketId: string | null) {
    if (ticketId === this.#at) return;
    this.#say('gone');
    this.#at = ticketId;
    this.#say('viewing');
  }

  /** The one who looks is writing. */
  writes() {
    clearTimeout(this.#stops);
    this.#stops = setTimeout(() => this.#say('viewing'), WRITES);
    if (this.#said !== 'writing') this.#say('writing');
  }

  start(): () => void {
    const timer = setInterval(() => {
      this.#forget();
      if (document.visibilityState === 'visible') this.#say(this.#said === 'gone' ? 'viewing' : this.#said);
    }, AGAIN);
    const stop = new AbortController();
    const leave = () => this.look(null);
    addEventListener('pagehide', leave, { signal: stop.signal });
    return () => {
      clearInterval(timer);
      stop.abort();
      leave();
    };
  }

  hear(event: LiveEvent) {
    if (event.kind === 'reload') this.#all.clear();
    if (event.kind !== 'presence' || event.userId === session.user?.id) return;
    const { ticketId, window, userId, name, state } = event;
    const here = this.#all.get(ticketId) ?? new SvelteMap<string, Heard>();
    const known = here.has(window);
    if (state === 'gone') here.delete(window);
    else here.set(window, { userId, name, writing: state === 'writing', until: Date.now() + FORGOTTEN });
    if (here.size > 0) this.#all.set(ticketId, here);
    else this.#all.delete(ticketId);
    // Who comes wants to know who is here already.
    if (!known && state !== 'gone' && ticketId === this.#at) this.#say(this.#said);
  }

  #forget() {
    const now = Date.now();
    for (const [ticketId, here] of this.#all) {
      for (const [window, { until }] of here) if (until < now) here.delete(window);
      if (here.size === 0) this.#all.delete(ticketId);
    }
  }

  /** A courtesy: nothing depends on it. */
  #say(state: State) {
    if (!this.#at) return;
    this.#said = state;
    if (state !== 'writing') clearTimeout(this.#stops);
    api.presence(this.#at, this.#window, state).catch(() => {});
  }
}

export const presence = new Presence();
