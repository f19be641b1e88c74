import { ledger as api } from '../api/calls';
import { reason } from '../api/client';
import type { LedgerEntry } from '../api/shapes';
import { t } from '../text/language.svelte';
import { toasts } from './toasts.svelte';

/** What became of everything taken in. */

class Ledger {
  rows = $state.raw<LedgerEntry[]>([]);
  state = $state<'loading' | 'ready' | 'error'>('loading');
  problem = $state('');
  next = $state<string | null>(null);
  filter = $state<LedgerEntry['state'] | ''>('');

  async load(filter: LedgerEntry['state'] | '' = this.filter) {
    this.filter = filter;
    this.state = 'loading';
    this.rows = [];
    this.next = null;
    await this.more();
  }

  async more() {
    const filter = this.filter;
    try {
      const page = await api.list({ state: filter || undefined, limit: '50', cursor: this.next ?? undefined });
      if (filter !== this.filter) return;
      this.rows = [...this.rows, ...page.data];
      this.next = page.next_cursor;
      this.state = 'ready';
    } catch (error) {
      this.problem = reason(error);
      if (this.rows.length === 0) this.state = 'error';
      else toasts.fail(this.problem);
    }
  }

  /** Takes something in again that was held or given up. */
  async replay(id: string) {
    try {
      const entry = await api.replay(id);
      this.rows = this.rows.map((row) => (row.id === id ? entry : row));
      toasts.say(t('Taken in again'));
    } catch (error) {
      toasts.fail(reason(error));
    }
  }
}

export const ledger = new Ledger();
