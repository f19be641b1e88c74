import { tickets as api } from '../api/calls';
import { reason } from '../api/client';
import type { Bulk, BulkChange } from '../api/shapes';
import { t } from '../text/language.svelte';
import type { LiveEvent } from './live.svelte';
import { selection } from './selection.svelte';
import { tickets } from './tickets.svelte';
import { toasts } from './toasts.svelte';

/** A change of many tickets: how far it is, and how it is taken back. */

/** Should the stream be silent, it is asked how far it is. */
const ASK_AGAIN = 2000;

type Action = Omit<BulkChange, 'ids' | 'filter'>;

class BulkWork {
  now = $state<Bulk | null>(null);
  #asking: ReturnType<typeof setTimeout> | undefined;
  #undoable: ReturnType<typeof setTimeout> | undefined;

  get going(): boolean {
    return this.now?.state === 'running' || this.now?.state === 'undoing';
  }

  async begin(action: Action) {
    try {
      this.#follow(await api.bulk({ ...selection.which, ...action }));
      selection.clear();
    } catch (error) {
      toasts.fail(t('The tickets could not be changed: {reason}', { reason: reason(error) }));
    }
  }

  async undo() {
    const token = this.now?.undo?.token;
    if (!token) return;
    try {
      this.#follow(await api.undo(token));
    } catch (error) {
      toasts.fail(t('This could not be undone: {reason}', { reason: reason(error) }));
    }
  }

  dismiss() {
    clearTimeout(this.#asking);
    clearTimeout(this.#undoable);
    this.now = null;
  }

  hear(event: LiveEvent) {
    if (event.kind === 'reload' && this.going) void this.#ask();
    if (event.kind !== 'bulk' || event.bulk.id !== this.now?.id) return;
    const { changed, unchanged, refused, restored, left_alone } = event.bulk;
    this.now = { ...this.now, changed, unchanged, refused, restored, left_alone };
    // The end has more to tell: why some could not be changed, and until when it can be undone.
    if (event.bulk.state === 'done' || event.bulk.state === 'undone') void this.#ask();
  }

  #follow(bulk: Bulk) {
    this.dismiss();
    this.now = bulk;
    if (this.going) this.#asking = setTimeout(() => void this.#ask(), ASK_AGAIN);
    else this.#end(bulk);
  }

  async #ask() {
    const id = this.now?.id;
    const bulk = id ? await api.bulkShow(id).catch(() => this.now) : null;
    if (bulk && bulk.id === this.now?.id) this.#follow(bulk);
  }

  #end(bulk: Bulk) {
    void tickets.refresh();
    tickets.countSoon();
    const until = bulk.undo?.until;
    if (until) this.#undoable = setTimeout(() => this.dismiss(), Math.max(0, Date.parse(until) - Date.now()));
  }
}

export const bulk = new BulkWork();
