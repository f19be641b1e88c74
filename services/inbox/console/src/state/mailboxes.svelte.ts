import { mailboxes as api } from '../api/calls';
import { reason } from '../api/client';
import type { Mailbox } from '../api/shapes';
import { live } from './live.svelte';
import { unsettled, untilLive } from './taking';
import { toasts } from './toasts.svelte';

/** The mailboxes, as they are: a trial mail gets on while one looks. */

class Mailboxes {
  all = $state.raw<Mailbox[] | null>(null);
  problem = $state('');
  /** The address whose trial mail is being sent. */
  trying = $state('');
  readonly #unsettled = $derived(unsettled(this.all, this.problem));

  async load() {
    try {
      this.all = await api.list();
      this.problem = '';
    } catch (error) {
      this.problem = reason(error);
    }
  }

  /** Asks again whenever something is new, until the returned function is called. */
  follow(): () => void {
    void this.load();
    return live.listen((event) => {
      if (event.kind === 'mailbox' || event.kind === 'reload') void this.load();
    });
  }

  /** Asks again until every mailbox is taken over; for an effect. */
  settle() {
    return untilLive(this.#unsettled, () => this.load());
  }

  async try(address: string) {
    this.trying = address;
    try {
      await api.try(address);
      await this.load();
    } catch (error) {
      toasts.fail(reason(error));
    }
    this.trying = '';
  }
}

export const mailboxes = new Mailboxes();
