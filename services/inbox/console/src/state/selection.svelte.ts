import { SvelteSet } from 'svelte/reactivity';
import { tickets as api } from '../api/calls';
import { documentOf, queryOf } from './order';
import { tickets } from './tickets.svelte';

/** The tickets that a change of many is for: some of those on the screen, or all that match. */

class Selection {
  ids = new SvelteSet<string>();
  /** All that match, also those that are not loaded. */
  all = $state(false);
  /** How many that are; 1001 stands for "more than 1000". */
  matching = $state<number | null>(null);

  #anchor: string | null = null;

  get size(): number {
    return this.all ? (this.matching ?? this.ids.size) : this.ids.size;
  }

  /** Selects or not; a range goes from the one before to this one. */
  toggle(id: string, range: boolean) {
    this.all = false;
    const on = !this.ids.has(id);
    for (const one of range ? this.#between(id) : [id]) {
      if (on || range) this.ids.add(one);
      else this.ids.delete(one);
    }
    this.#anchor = id;
  }

  /** Everything on the screen. */
  screen() {
    for (const { id } of tickets.rows) this.ids.add(id);
    void this.#count();
  }

  everything() {
    this.all = true;
    void this.#count();
  }

  clear() {
    this.ids.clear();
    this.all = false;
    this.matching = null;
    this.#anchor = null;
  }

  /** What a change is asked for with. */
  get which() {
    return this.all ? { filter: documentOf(tickets.view, tickets.filters) } : { ids: [...this.ids] };
  }

  async #count() {
    const counted = await api.count(queryOf(tickets.view, tickets.filters)).catch(() => null);
    this.matching = counted?.count ?? null;
  }

  #between(id: string): string[] {
    const order = tickets.rows.map((ticket) => ticket.id);
    const [one, other] = [order.indexOf(this.#anchor ?? id), order.indexOf(id)];
    if (one === -1 || other === -1) return [id];
    return order.slice(Math.min(one, other), Math.max(one, other) + 1);
  }
}

export const selection = new Selection();
