// What the chat needs from outside, and what it tells.

import type { World } from './connection';
import type { Message } from './protocol';
import type { Store } from './store';
import type { Tabs } from './tabs';
import type { View } from './view';

/** What the page around may hear of. */
export type Happening = { name: 'ready' | 'ended' | 'sent' } | { name: 'message'; message: Message };

export interface Options {
  world: World;
  store: Store;
  newId: () => string;
  locale?: string | undefined;
  onchange?: (view: View) => void;
  onhappening?: (happening: Happening) => void;
  tabs?: Tabs;
}
