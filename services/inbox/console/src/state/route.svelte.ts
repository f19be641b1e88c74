/** Where the user is: the hash of the address, so that every screen has a link of its own. */

export const builtIn = ['mine', 'unassigned', 'all', 'mentions', 'snoozed', 'blocked'] as const;
/** One that everybody has, or the id of a saved one. */
export type View = (typeof builtIn)[number] | (string & {});
export type SettingsPage = 'organization' | 'numbers' | 'keywords' | 'auto-responder' | 'texts' | 'mailboxes' | 'answers' | 'chat' | 'quick-responses' | 'coupons' | 'tags' | 'notifications' | 'teams' | 'rules' | 'people' | 'keys' | 'webhooks' | 'account' | 'privacy' | 'sign-in' | 'audit';

export type Place =
  /** `search`: filters, as the address keeps them. */
  | { screen: 'inbox'; view: View; search?: string }
  | { screen: 'ticket'; id: string }
  | { screen: 'settings'; page: SettingsPage }
  | { screen: 'ledger' }
  | { screen: Door; token: string };

/** Where links by mail, and one shown once, lead. */
const doors = ['welcome', 'invitation', 'new-password'] as const;
export type Door = (typeof doors)[number];

const isId = (text: string) => /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(text);
const settingsPages: SettingsPage[] = ['organization', 'numbers', 'keywords', 'auto-responder', 'texts', 'mailboxes', 'answers', 'chat', 'quick-responses', 'coupons', 'tags', 'notifications', 'teams', 'rules', 'people', 'keys', 'webhooks', 'account', 'privacy', 'sign-in', 'audit'];

/** Reads an address; what cannot be read is My inbox. */
export function placeOf(hash: string): Place {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?');
  const [first, second = ''] = path.split('/');
  if (first === 'tickets' && second) return { screen: 'ticket', id: second };
  if (first === 'settings') return { screen: 'settings', page: settingsPages.find((page) => page === second) ?? 'organization' };
  if (first === 'ledger') return { screen: 'ledger' };
  const door = doors.find((door) => door === first);
  if (door) return { screen: door, token: new URLSearchParams(search).get('token') ?? '' };
  const view = builtIn.find((view) => view === second) ?? (isId(second) ? second : 'mine');
  return { screen: 'inbox', view, ...(search && first === 'inbox' && { search }) };
}

export function hashOf(place: Place): string {
  switch (place.screen) {
    case 'inbox':
      return `#/inbox/${place.view}${place.search ? `?${place.search}` : ''}`;
    case 'ticket':
      return `#/tickets/${place.id}`;
    case 'settings':
      return `#/settings/${place.page}`;
    case 'ledger':
      return '#/ledger';
    default:
      return `#/${place.screen}?token=${place.token}`;
  }
}

class Route {
  place = $state<Place>({ screen: 'inbox', view: 'mine' });
  /** The list beside a ticket: the view it was opened from. */
  view = $state<View>('mine');
  /** The filters of that list, as the address keeps them. */
  search = $state('');
  /** Where to, while somebody is asked whether to leave. */
  asked = $state<Place | null>(null);

  #mustAsk: () => boolean = () => false;

  start() {
    this.#comeBack();
    const direct = placeOf(location.hash).screen === 'ticket';
    if (direct) this.view = 'all';
    this.#arrive(placeOf(location.hash));
    window.addEventListener('hashchange', () => {
      const place = placeOf(location.hash);
      if (hashOf(place) === hashOf(this.place)) return;
      if (!this.#mustAsk()) return this.#arrive(place);
      // The address shows what is on the screen.
      history.replaceState(null, '', hashOf(this.place));
      this.asked = place;
    });
  }

  go(place: Place, replace = false) {
    if (this.#mustAsk()) {
      this.asked = place;
      return;
    }
    const hash = hashOf(place);
    if (replace) history.replaceState(null, '', hash);
    else location.hash = hash;
    this.#arrive(placeOf(hash));
  }

  /** From now on somebody is asked before leaving, whenever `mustAsk` says so; ends when the returned function is called. */
  guard(mustAsk: () => boolean): () => void {
    this.#mustAsk = mustAsk;
    return () => (this.#mustAsk = () => false);
  }

  stay() {
    this.asked = null;
  }

  leave() {
    const place = this.asked;
    this.asked = null;
    if (place) this.go(place);
  }

  /** Where somebody was before they went to the identity provider, which leads back to no place in particular. */
  #comeBack() {
    try {
      const before = sessionStorage.getItem('frontdesk.place');
      if (!before || location.hash) return;
      sessionStorage.removeItem('frontdesk.place');
      history.replaceState(null, '', before);
    } catch {
      // a browser that keeps nothing
    }
  }

  #arrive(place: Place) {
    this.place = place;
    if (place.screen !== 'inbox') return;
    this.view = place.view;
    this.search = place.search ?? '';
  }

  /** Back to the list beside the ticket, as it was. */
  toList() {
    this.go(this.list);
  }

  get list(): Place {
    return { screen: 'inbox', view: this.view, ...(this.search && { search: this.search }) };
  }

  /** Other filters: the address of the list follows, without a step back for each of them. */
  filter(search: string) {
    this.search = search;
    if (this.place.screen === 'inbox') this.go(this.list, true);
  }

  get ticketId(): string | null {
    return this.place.screen === 'ticket' ? this.place.id : null;
  }
}

export const route = new Route();
