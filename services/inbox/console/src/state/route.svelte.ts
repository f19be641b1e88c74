/** Where the user is: the hash of the address, so that every screen has a link of its own. */

export type View = 'mine' | 'unassigned' | 'all';
export type SettingsPage = 'organization' | 'texts' | 'chat' | 'people' | 'keys';

export type Place =
  | { screen: 'inbox'; view: View }
  | { screen: 'ticket'; id: string }
  | { screen: 'settings'; page: SettingsPage }
  | { screen: 'ledger' }
  | { screen: 'welcome'; token: string };

const views: View[] = ['mine', 'unassigned', 'all'];
const settingsPages: SettingsPage[] = ['organization', 'texts', 'chat', 'people', 'keys'];

/** Reads an address; what cannot be read is My inbox. */
export function placeOf(hash: string): Place {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?');
  const [first, second = ''] = path.split('/');
  if (first === 'tickets' && second) return { screen: 'ticket', id: second };
  if (first === 'settings') return { screen: 'settings', page: settingsPages.find((page) => page === second) ?? 'organization' };
  if (first === 'ledger') return { screen: 'ledger' };
  if (first === 'welcome') return { screen: 'welcome', token: new URLSearchParams(search).get('token') ?? '' };
  return { screen: 'inbox', view: views.find((view) => view === second) ?? 'mine' };
}

export function hashOf(place: Place): string {
  switch (place.screen) {
    case 'inbox':
      return `#/inbox/${place.view}`;
    case 'ticket':
      return `#/tickets/${place.id}`;
    case 'settings':
      return `#/settings/${place.page}`;
    case 'ledger':
      return '#/ledger';
    case 'welcome':
      return `#/welcome?token=${place.token}`;
  }
}

class Route {
  place = $state<Place>({ screen: 'inbox', view: 'mine' });
  /** The list beside a ticket: the view it was opened from. */
  view = $state<View>('mine');

  start() {
    const read = () => {
      this.place = placeOf(location.hash);
      if (this.place.screen === 'inbox') this.view = this.place.view;
    };
    const direct = placeOf(location.hash).screen === 'ticket';
    if (direct) this.view = 'all';
    read();
    window.addEventListener('hashchange', read);
  }

  go(place: Place, replace = false) {
    const hash = hashOf(place);
    if (replace) history.replaceState(null, '', hash);
    else location.hash = hash;
    this.place = placeOf(hash);
    if (place.screen === 'inbox') this.view = place.view;
  }

  get ticketId(): string | null {
    return this.place.screen === 'ticket' ? this.place.id : null;
  }
}

export const route = new Route();
