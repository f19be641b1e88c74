import { views as api } from '../api/calls';
import type { SavedView, ViewCounts, ViewFilters } from '../api/shapes';
import { t } from '../text/language.svelte';
import type { LiveEvent } from './live.svelte';
import { isSaved } from './order';
import { route } from './route.svelte';
import { session } from './session.svelte';
import { toasts } from './toasts.svelte';

/** The saved views, and how many tickets each view has. */

/** Many events make one question. */
const COUNT_SOON = 1500;

class Views {
  all = $state.raw<SavedView[]>([]);
  counts = $state.raw<ViewCounts | null>(null);
  loaded = $state(false);

  #soon: ReturnType<typeof setTimeout> | undefined;

  get shared(): SavedView[] {
    return this.all.filter((view) => view.shared);
  }

  get own(): SavedView[] {
    return this.all.filter((view) => !view.shared);
  }

  find(id: string): SavedView | undefined {
    return this.all.find((view) => view.id === id);
  }

  countOf(view: string): number {
    if (view === 'mine' || view === 'unassigned' || view === 'snoozed') return this.counts?.[view] ?? 0;
    return this.counts?.views.find((counted) => counted.id === view)?.count ?? 0;
  }

  mayChange(view: SavedView): boolean {
    return view.shared ? session.mayManageInbox : true;
  }

  async load() {
    this.all = await api.list().catch(() => this.all);
    this.loaded = true;
    if (isSaved(route.view) && !this.find(route.view)) this.#gone();
  }

  async count() {
    this.counts = await api.counts().catch(() => this.counts);
  }

  countSoon() {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      void this.count();
    }, COUNT_SOON);
  }

  async add(name: string, shared: boolean, filters: ViewFilters): Promise<SavedView> {
    const view = await api.add({ name, shared, filters });
    await this.load();
    void this.count();
    return view;
  }

  async change(id: string, patch: { name?: string; shared?: boolean; filters?: ViewFilters }) {
    await api.change(id, patch);
    await this.load();
    void this.count();
  }

  async remove(id: string) {
    await api.remove(id);
    await this.load();
  }

  hear(event: LiveEvent) {
    if (event.kind === 'message' || event.kind === 'ticket') this.countSoon();
    if (event.kind === 'reload') void Promise.all([this.load(), this.count()]);
    if (event.kind === 'view' && (event.shared || event.ownerId === session.user?.id)) {
      void this.load();
      this.countSoon();
    }
  }

  /** The view on the screen is there no more. */
  #gone() {
    toasts.say(t('This view is gone; here are all tickets'));
    if (route.place.screen === 'inbox') route.go({ screen: 'inbox', view: 'all' }, true);
    else route.view = 'all';
  }
}

export const views = new Views();
