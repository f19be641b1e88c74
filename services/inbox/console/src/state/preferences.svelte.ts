import { preferences as api } from '../api/calls';
import { reason } from '../api/client';
import type { Preferences, PreferencesPatch } from '../api/shapes';
import { words } from '../text/language.svelte';
import { toasts } from './toasts.svelte';

/**
 * How the one who is signed in wants the console, on every device. A device remembers it, so that it holds from the first
 * key on; the server's word follows.
 */

const usual: Preferences = { keys: {}, single_keys: true, density: 'comfortable', notify: false, sound: false, language: 'browser', signature: null };

/** With the user behind it. */
const KEY = 'frontdesk.preferences';

class MyPreferences {
  all = $state.raw<Preferences>(usual);
  /** This device or the server has said what they are. */
  known = $state(false);

  #key: string | null = null;
  #changes = 0;
  #waiting: (() => void)[] = [];

  /** Somebody is signed in. */
  begin(userId: string) {
    this.#forget();
    this.#key = `${KEY}.${userId}`;
    const kept = remembered(this.#key);
    if (kept) this.#take(kept);
  }

  /** What was theirs is not the next one's. */
  end() {
    this.#forget();
    this.#show(usual);
  }

  async load() {
    const changes = this.#changes;
    const all = await api.show().catch(() => null);
    if (changes !== this.#changes) return;
    // Where nobody can say, they are the usual ones.
    this.#take(all ?? this.all, all !== null);
  }

  /** Runs it as soon as the preferences are known. */
  whenKnown(then: () => void) {
    if (this.known) then();
    else this.#waiting.push(then);
  }

  /** Seen at once; back as it was, with the reason, if the server does not take it. */
  async change(patch: PreferencesPatch): Promise<boolean> {
    const before = this.all;
    const change = ++this.#changes;
    this.#take({ ...before, ...(patch as Partial<Preferences>) });
    try {
      const all = await api.change(patch);
      // A later change says more.
      if (change === this.#changes) this.#take(all);
      return true;
    } catch (error) {
      this.#take(before);
      toasts.fail(reason(error));
      return false;
    }
  }

  keyOf({ id, key }: { id: string; key: string }): string {
    return this.all.keys[id] ?? key;
  }

  #forget() {
    this.#key = null;
    this.#waiting = [];
    this.#changes++;
    this.known = false;
    this.all = usual;
  }

  #take(all: Preferences, keep = true) {
    this.#show(all);
    if (keep) this.#remember(all);
    this.known = true;
    for (const then of this.#waiting.splice(0)) then();
  }

  #show(all: Preferences) {
    this.all = all;
    document.documentElement.dataset['density'] = all.density;
    void words.follow(all.language);
  }

  #remember(all: Preferences) {
    if (!this.#key) return;
    try {
      // A signature says who somebody is: it is the server's alone.
      localStorage.setItem(this.#key, JSON.stringify({ ...all, signature: null }));
    } catch {
      // Without a store they come with the server's answer.
    }
  }
}

function remembered(key: string): Preferences | null {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? 'null') as Partial<Preferences> | null;
    return kept && { ...usual, ...kept };
  } catch {
    return null;
  }
}

export const preferences = new MyPreferences();
