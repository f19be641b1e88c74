import { panes } from '../state/panes.svelte';
import { preferences } from '../state/preferences.svelte';
import { route } from '../state/route.svelte';
import { selection } from '../state/selection.svelte';
import { actions } from './actions';

/** Single keys of the inbox. They rest while a field has the focus, and for whoever switched them off. */

/** How long the first of two keys waits for the second. */
const SECOND_KEY = 1200;

let first: { key: string; at: number } | null = null;

const inField = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export function onKey(event: KeyboardEvent) {
  if (document.querySelector('dialog[open]')) return;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    panes.bar = true;
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Escape') return leave(event);
  if (inField(event.target) || event.key === 'Shift') return;
  // What a key is for is not known before its reader's own keys are: it waits for them.
  if (!preferences.known && event.key.length === 1) {
    const { key, timeStamp } = event;
    event.preventDefault();
    return preferences.whenKnown(() => meant(key, timeStamp)?.());
  }
  const act = meant(event.key, event.timeStamp);
  if (!act) return;
  event.preventDefault();
  act();
}

/** What a key does, also as the second of two. */
function meant(key: string, at: number): (() => void) | undefined {
  const before = first && at - first.at < SECOND_KEY ? `${first.key} ` : '';
  first = null;
  const on = actions.filter(({ id }) => preferences.all.single_keys || id === 'keys');
  const found = on.find((action) => preferences.keyOf(action) === before + key) ?? on.find((action) => preferences.keyOf(action) === key);
  if (found) return found.run;
  if (on.some((action) => preferences.keyOf(action).startsWith(`${key} `))) first = { key, at };
  return undefined;
}

function leave(event: KeyboardEvent) {
  if (inField(event.target)) return (event.target as HTMLElement).blur();
  if (route.ticketId) return route.toList();
  selection.clear();
}
