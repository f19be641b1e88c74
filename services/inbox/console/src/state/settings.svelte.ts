import { settings as api, texts } from '../api/calls';
import { Problem, reason, sentence } from '../api/client';
import type { Patch, PhoneNumber, Settings } from '../api/shapes';
import { t } from '../text/language.svelte';
import { apply, type Change, changesBetween, patchOf, reversed } from './changes';
import type { LiveEvent } from './live.svelte';
import { unsettled, untilLive } from './taking';
import { toasts } from './toasts.svelte';

/** The organisation's settings: one document, and a draft of it that the pages write into. */

/** What the server did not take; `path` names the setting, empty where it is about none. */
export interface Refusal {
  path: string;
  text: string;
}

class SettingsDocument {
  saved = $state.raw<Settings | null>(null);
  draft = $state<Settings | null>(null);
  state = $state<'loading' | 'ready' | 'error'>('loading');
  problem = $state('');
  refusal = $state.raw<Refusal | null>(null);
  busy = $state(false);
  numbers = $state.raw<PhoneNumber[] | null>(null);
  numbersProblem = $state('');
  readonly #unsettled = $derived(unsettled(this.numbers, this.numbersProblem));

  readonly changes = $derived<Change[]>(this.saved && this.draft ? changesBetween(this.saved, $state.snapshot(this.draft)) : []);

  /** How long an answer from the composer waits, so that it can be taken back. */
  get undoSeconds(): number {
    return this.saved?.replies.undo_seconds ?? 10;
  }

  async load() {
    try {
      this.#take(await api.show());
      this.state = 'ready';
    } catch (error) {
      this.problem = reason(error);
      if (!this.saved) this.state = 'error';
    }
  }

  async loadNumbers() {
    try {
      this.numbers = await texts.numbers();
      this.numbersProblem = '';
    } catch (error) {
      this.numbersProblem = reason(error);
    }
  }

  /** Asks again until every number is taken over; for an effect. */
  settleNumbers() {
    return untilLive(this.#unsettled, () => this.loadNumbers());
  }

  /** A colleague saved: their part appears, what is being written here stays. */
  hear(event: LiveEvent) {
    if (this.saved && (event.kind === 'settings' || event.kind === 'reload')) void this.load();
  }

  /** Whether everything written is saved now. */
  async save(): Promise<boolean> {
    const changes = this.changes;
    if (changes.length === 0) return true;
    if (!(await this.#send(changes))) return false;
    toasts.say(t('Settings saved'), { label: t('Undo'), run: () => void this.#takeBack(changes) });
    return true;
  }

  undo() {
    this.refusal = null;
    this.draft = this.saved && structuredClone(this.saved);
  }

  async #takeBack(changes: Change[]) {
    if (await this.#send(reversed(changes))) toasts.say(t('Back as it was'));
    else toasts.fail(this.refusal?.text ?? t('It could not be undone.'));
  }

  async #send(changes: Change[]): Promise<boolean> {
    this.busy = true;
    this.refusal = null;
    try {
      const saved = await api.change(patchOf(changes) as Patch<Settings>);
      // What was just saved is no change any more, even where the server wrote it down in another way.
      this.saved = saved;
      this.draft = structuredClone(saved);
      return true;
    } catch (error) {
      this.refusal = refusalOf(error);
      return false;
    } finally {
      this.busy = false;
    }
  }

  #take(saved: Settings) {
    const mine = this.changes;
    const draft = structuredClone(saved);
    apply(draft, mine);
    this.saved = saved;
    this.draft = draft;
  }
}

/** A refusal begins with the name of the setting it is about. */
function refusalOf(error: unknown): Refusal {
  const detail = error instanceof Problem ? error.members['detail'] : undefined;
  const named = typeof detail === 'string' ? /^([a-z_]+(?:\.[^\s:]+)*): (.+)$/s.exec(detail) : null;
  if (named?.[1] && named[2]) return { path: named[1], text: sentence(named[2]) };
  return { path: '', text: reason(error) };
}

export const settings = new SettingsDocument();
