import { settings as api } from '../api/calls';
import { reason } from '../api/client';
import type { Patch, Settings } from '../api/shapes';
import { toasts } from './toasts.svelte';

/** The organisation's settings: one document. */

class SettingsDocument {
  saved = $state.raw<Settings | null>(null);
  state = $state<'loading' | 'ready' | 'error'>('loading');
  problem = $state('');

  async load() {
    try {
      this.saved = await api.show();
      this.state = 'ready';
    } catch (error) {
      this.problem = reason(error);
      this.state = 'error';
    }
  }

  /** Returns what to tell the user when it did not work. */
  async change(patch: Patch<Settings>): Promise<string | null> {
    try {
      this.saved = await api.change(patch);
      toasts.say('Settings saved');
      return null;
    } catch (error) {
      return reason(error);
    }
  }
}

export const settings = new SettingsDocument();
