import { profiles } from '../api/calls';
import { reason } from '../api/client';
import type { Consent, NewConsent, Profile } from '../api/shapes';
import type { LiveEvent } from './live.svelte';

/** The person behind the open ticket. */

class Customer {
  profile = $state.raw<Profile | null>(null);
  consents = $state.raw<Consent[]>([]);
  state = $state<'loading' | 'ready' | 'error'>('loading');
  problem = $state('');

  #id = '';
  #soon: ReturnType<typeof setTimeout> | undefined;

  show(id: string) {
    if (id === this.#id && this.state !== 'error') return;
    this.#id = id;
    this.profile = null;
    this.consents = [];
    this.state = 'loading';
    void this.refresh();
  }

  async refresh() {
    const id = this.#id;
    if (!id) return;
    try {
      const [profile, consents] = await Promise.all([profiles.show(id), profiles.consents(id)]);
      if (id !== this.#id) return;
      this.profile = profile;
      this.consents = consents;
      this.state = 'ready';
    } catch (error) {
      if (id !== this.#id) return;
      this.problem = reason(error);
      if (!this.profile) this.state = 'error';
    }
  }

  /** A keyword may have changed consent, a visitor may have told a name. */
  hear(event: LiveEvent) {
    const touched = (event.kind === 'message' || event.kind === 'ticket') && event.ticket.profile.id === this.#id;
    if (!touched && event.kind !== 'reload') return;
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => void this.refresh(), 300);
  }

  rename(name: string) {
    return this.#do(() => profiles.rename(this.#id, name.trim()));
  }

  setBlocked(blocked: boolean) {
    return this.#do(() => profiles.setBlocked(this.#id, blocked));
  }

  record(consent: NewConsent) {
    return this.#do(() => profiles.recordConsent(this.#id, consent));
  }

  /** Returns what to tell the user when it did not work. */
  async #do(change: () => Promise<unknown>): Promise<string | null> {
    try {
      await change();
      await this.refresh();
      return null;
    } catch (error) {
      return reason(error);
    }
  }
}

export const customer = new Customer();
