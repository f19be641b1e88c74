import { tickets as api } from '../api/calls';
import { reason } from '../api/client';
import type { Found, Note, Ticket } from '../api/shapes';
import { t } from '../text/language.svelte';
import type { LiveEvent } from './live.svelte';
import { belongs, type Filters, filtersOf, noFilters, order, queryOf, searchOf } from './order';
import { route, type View } from './route.svelte';
import { session } from './session.svelte';
import { toasts } from './toasts.svelte';

/** The list of tickets beside the open one, and the unread badge. */

const PAGE = 50;
/** How long the order rests after the pointer last moved over the list, so that nothing slips away under it. */
const REST = 1500;

class Tickets {
  view = $state<View>('mine');
  filters = $state<Filters>({ ...noFilters });
  rows = $state.raw<Ticket[]>([]);
  /** Where what is searched for stands, by ticket. */
  found = $state.raw(new Map<string, Found>());
  state = $state<'loading' | 'ready' | 'error'>('loading');
  problem = $state('');
  next = $state<string | null>(null);
  loadingMore = $state(false);
  badge = $state(0);

  /** Everything loaded or heard of that belongs here, by id; `rows` is what is drawn of it. */
  #known = new Map<string, Ticket>();
  /** Heard of while a list is fetched, which may have been read before. */
  #heard: Map<string, Ticket> | null = null;
  #shown = false;
  #held = false;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #badgeSoon: ReturnType<typeof setTimeout> | undefined;
  #load = 0;

  /** Shows a list; `begin` is what a saved view shows unless the address says otherwise. */
  show(view: View, search: string, begin: Filters = noFilters) {
    const filters = search ? filtersOf(search) : begin;
    if (this.#shown && view === this.view && searchOf(filters) === searchOf(this.filters)) return Promise.resolve();
    this.#shown = true;
    this.view = view;
    this.filters = filters;
    return this.load();
  }

  /** Every answer to a campaign or flow. */
  showCampaign({ id, name }: { id: string; name: string }) {
    route.go({ screen: 'inbox', view: 'all', search: searchOf({ ...noFilters, campaign: id, campaignName: name }) });
  }

  filter(change: Partial<Filters>) {
    this.filters = { ...this.filters, ...change };
    route.filter(searchOf(this.filters));
    return this.load();
  }

  async load() {
    this.state = 'loading';
    this.#known.clear();
    this.rows = [];
    await this.refresh();
  }

  /** Fetches again what is shown, without emptying the screen. */
  async refresh() {
    const load = ++this.#load;
    const heard = (this.#heard = new Map<string, Ticket>());
    const limit = String(Math.min(200, Math.max(PAGE, this.rows.length)));
    try {
      const page = await this.#page({ limit });
      if (load !== this.#load) return;
      this.problem = '';
      this.#known = new Map(page.data.map((ticket) => [ticket.id, ticket]));
      this.next = page.next_cursor;
      this.state = 'ready';
      for (const ticket of heard.values()) if (this.#known.has(ticket.id) || this.#joins(ticket)) this.#learn(ticket);
      this.#settle();
    } catch (error) {
      if (load !== this.#load) return;
      if (this.rows.length === 0) this.state = 'error';
      this.problem = reason(error);
    } finally {
      if (load === this.#load) this.#heard = null;
    }
  }

  async loadMore() {
    if (!this.next || this.loadingMore) return;
    this.loadingMore = true;
    const load = this.#load;
    try {
      const page = await this.#page({ limit: String(PAGE), cursor: this.next });
      if (load !== this.#load) return;
      for (const ticket of page.data) this.#learn(ticket);
      this.next = page.next_cursor;
      this.#settle();
    } catch (error) {
      this.problem = reason(error);
    } finally {
      this.loadingMore = false;
    }
  }

  async #page(part: { limit: string; cursor?: string }): Promise<{ data: Ticket[]; next_cursor: string | null }> {
    const query: Record<string, string | undefined> = { ...queryOf(this.view, this.filters), ...part };
    if (!query['q']) {
      this.found = new Map();
      return api.list(query);
    }
    const { data, next_cursor } = await api.search(query);
    const found = data.map((one) => [one.ticket.id, one] as const);
    this.found = new Map([...(part.cursor ? this.found : []), ...found]);
    return { data: data.map((one) => one.ticket), next_cursor };
  }

  find(id: string): Ticket | undefined {
    return this.#known.get(id);
  }

  hear(event: LiveEvent) {
    if (event.kind === 'message' || event.kind === 'ticket') {
      this.apply(event.ticket);
      this.countSoon();
    } else if (event.kind === 'note') {
      const me = session.user?.id;
      if (!me || !event.note.mentions.includes(me) || event.note.author.id === me) return;
      if (this.view === 'mentions') void this.refresh();
      this.#tell(event.note, event.number);
    } else if (event.kind === 'unnoted') {
      if (this.view === 'mentions') void this.refresh();
    } else if (event.kind === 'reload') {
      void this.refresh();
      this.countSoon();
    }
  }

  /** Somebody means the one who looks; where the ticket is open already, the note itself says so. */
  #tell(note: Note, number: number) {
    if (note.ticket_id === route.ticketId) return;
    const run = () => route.go({ screen: 'ticket', id: note.ticket_id });
    toasts.say(t('{name} mentioned you in #{number}', { name: note.author.name, number: String(number) }), { label: t('Open it'), run });
  }

  /** A ticket as it is now, from the stream or from an answer. */
  apply(ticket: Ticket) {
    const heard = this.#heard?.get(ticket.id);
    if (!heard || heard.version <= ticket.version) this.#heard?.set(ticket.id, ticket);
    const known = this.#known.has(ticket.id);
    if (!known && !this.#joins(ticket)) return;
    this.#learn(ticket);
    if (this.#held) this.rows = this.rows.map((row) => this.#known.get(row.id) ?? row);
    else this.#settle();
  }

  /** The pointer moves over the list: keep the order until it rests or leaves. */
  hold() {
    this.#held = true;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.letGo(), REST);
  }

  letGo() {
    clearTimeout(this.#rest);
    if (!this.#held) return;
    this.#held = false;
    this.#settle();
  }

  countSoon() {
    clearTimeout(this.#badgeSoon);
    this.#badgeSoon = setTimeout(() => void this.count(), 250);
  }

  async count() {
    const counted = await api.badge().catch(() => null);
    if (counted) this.badge = counted.unread_profiles;
  }

  #learn(ticket: Ticket) {
    const before = this.#known.get(ticket.id);
    if (!before || before.version <= ticket.version) this.#known.set(ticket.id, ticket);
  }

  #joins(ticket: Ticket): boolean {
    if (this.state !== 'ready' || this.filters.q.trim() || this.view === 'mentions') return false;
    const last = this.rows[this.rows.length - 1];
    const beyond = this.next !== null && last !== undefined && order(this.filters.sort)(last, ticket) < 0;
    return !beyond && belongs(ticket, this.view, this.filters, session.user?.id);
  }

  /** Another ticket is open, or none. */
  settle() {
    if (!this.#held) this.#settle();
  }

  /** The open ticket stays in sight although it no longer belongs, until it is left. */
  #settle() {
    const searching = this.filters.q.trim() !== '';
    for (const ticket of [...this.#known.values()]) {
      const stays = searching || belongs(ticket, this.view, this.filters, session.user?.id) || ticket.id === route.ticketId;
      if (!stays) this.#known.delete(ticket.id);
    }
    this.rows = [...this.#known.values()].sort(order(this.filters.sort));
  }
}

export const tickets = new Tickets();
