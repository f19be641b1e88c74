import { chat } from '../api/calls';
import { reason } from '../api/client';
import type { ChatSite } from '../api/shapes';

/** The sites with the chat on their pages, as they are configured. */
class Sites {
  all = $state.raw<ChatSite[] | null>(null);
  problem = $state('');

  async load() {
    try {
      this.all = await chat.sites();
      this.problem = '';
    } catch (error) {
      this.problem = reason(error);
    }
  }
}

export const sites = new Sites();
