import { MediaQuery } from 'svelte/reactivity';

/** Which panes are in sight beside the ticket. */

const wide = new MediaQuery('(min-width: 1200px)', true);

class Panes {
  #details = $state<boolean | null>(null);
  keys = $state(false);
  preferences = $state(false);
  /** The command bar. */
  bar = $state(false);

  /** The panel on the right: there on a wide screen, called up on others. */
  get details(): boolean {
    return this.#details ?? wide.current;
  }

  toggleDetails() {
    this.#details = !this.details;
  }

  /** Another ticket is opened: where the panel covers it, it goes. */
  settle() {
    if (!wide.current) this.#details = null;
  }
}

export const panes = new Panes();
