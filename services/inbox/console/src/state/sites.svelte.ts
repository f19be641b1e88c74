import { chat } from '../api/calls';
import { reason } from '../api/client';
import type { ChatSite } from '../api/shapes';
import { unsettled, untilLive } from './taking';

/** The sites with the chat on their pages. */
class Sites {
  all = $state.raw<ChatSite[] | null>(null);
  problem = $state('');
  /** The one that is looked at, by its id. */
  chosen = $state('');
  /** The one whose form is open. */
  editing = $state<ChatSite | 'new' | null>(null);

  readonly shown = $derived(this.all?.find(({ id }) => id === this.chosen) ?? this.all?.[0]);
  readonly #unsettled = $derived(unsettled(this.all, this.problem));

  async load() {
    try {
      this.all = await chat.sites();
      this.problem = '';
    } catch (error) {
      this.problem = reason(error);
    }
  }

  /** Asks again until every site is taken over; for an effect. */
  settle() {
    return untilLive(this.#unsettled, () => this.load());
  }
}

export const sites = new Sites();
