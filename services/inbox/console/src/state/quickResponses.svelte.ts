import { coupons, quickResponses as api } from '../api/calls';
import { reason } from '../api/client';
import type { Coupon, QuickResponse } from '../api/shapes';

/** Answers at hand (H5), as last fetched; fetched again whenever somebody is about to choose one. */
class QuickResponses {
  all = $state.raw<QuickResponse[] | null>(null);
  /** Coupons that can be handed out now (D5). */
  coupons = $state.raw<Coupon[]>([]);
  problem = $state('');

  /** What can be chosen in a reply. */
  async loadChoices() {
    const open = (coupon: Coupon) => (coupon.expires_at === null || Date.parse(coupon.expires_at) > Date.now()) && coupon.remaining !== 0;
    void coupons.list().then((all) => (this.coupons = all.filter(open)), () => {});
    await this.load();
  }

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
