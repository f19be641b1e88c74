import { tick } from 'svelte';

export type Mode = 'reply' | 'note';

/** What is being written in the open ticket: an answer to the customer, or a note to colleagues. */
class Composing {
  mode = $state<Mode>('reply');

  /** Begins to write, where the caret then is. */
  async begin(mode: Mode) {
    this.mode = mode;
    await tick();
    document.getElementById(mode)?.focus();
  }
}

export const composing = new Composing();
