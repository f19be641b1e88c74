import { quickResponses as api } from '../api/calls';
import { reason } from '../api/client';
import type { QuickResponse } from '../api/shapes';

/** Answers at hand (H5), as last fetched; fetched again whenever somebody is about to choose one. */
class QuickResponses {
  all = $state.raw<QuickResponse[] | null>(null);
  problem = $state('');

  async load() {
    try {
      this.all = await api.list();
      this.problem = '';
    } catch (error) {
      this.problem = reason(error);
    }
  }
}

export const quickResponses = new QuickResponses();
