import type { Message, Note, Ticket } from '../api/shapes';
import { t } from '../text/language.svelte';
import { customerName } from '../text/names';
import type { LiveEvent } from './live.svelte';
import { preferences } from './preferences.svelte';
import { route } from './route.svelte';
import { session } from './session.svelte';

/** The browser tells of what concerns the one who is signed in: one tab speaks, and none about a ticket that is in sight. */

/** What a notification says. */
export interface News {
  /** One notification per ticket: a newer one takes its place. */
  ticketId: string;
  title: string;
  text: string;
}

const LOCK = 'frontdesk.speaks';
const SEEN = 'frontdesk.in-sight';

/** What an event says to somebody; nothing where it does not concern them. Pure. */
export function newsFor(event: LiveEvent, me: string): News | null {
  if (event.kind === 'message') return aboutMessage(event.ticket, event.message, me);
  if (event.kind === 'note') return aboutNote(event.note, event.number, me);
  return null;
}

/** A customer wrote in a ticket of theirs, or in one that nobody has yet. */
function aboutMessage(ticket: Ticket, message: Message, me: string): News | null {
  if (message.direction !== 'in' || ticket.profile.blocked) return null;
  if (ticket.assignee && ticket.assignee.id !== me) return null;
  return { ticketId: ticket.id, title: `${customerName(ticket)} · #${ticket.number}`, text: message.text.slice(0, 160) || t('A message without text') };
}

function aboutNote(note: Note, number: number, me: string): News | null {
  if (note.author.id === me || !note.mentions.includes(me)) return null;
  return { ticketId: note.ticket_id, title: t('{name} mentioned you in #{number}', { name: note.author.name, number: String(number) }), text: note.text.slice(0, 160) };
}

class Notify {
  /** What the browser says: it is asked on a click only. */
  permission = $state<NotificationPermission | 'missing'>(typeof Notification === 'undefined' ? 'missing' : Notification.permission);

  /** Of several tabs the one that holds this speaks; when it goes, the next one does. */
  #speaks = false;
  #others = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(SEEN);
  /** What other tabs have in sight. */
  #inSight = new Map<string, string>();
  #tab = Math.random().toString(36).slice(2);
  #audio: AudioContext | null = null;

  start(): () => void {
    const stop = new AbortController();
    if (navigator.locks) {
      const held = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));
      const hold = () => ((this.#speaks = true), held);
      void navigator.locks.request(LOCK, { signal: stop.signal }, hold).catch(() => {});
    } else this.#speaks = true;
    this.#others?.addEventListener('message', ({ data }: MessageEvent<{ tab: string; ticket: string | null }>) => {
      if (data.ticket) this.#inSight.set(data.tab, data.ticket);
      else this.#inSight.delete(data.tab);
    }, { signal: stop.signal });
    const tell = () => this.tellSight();
    for (const name of ['focus', 'blur', 'pagehide']) addEventListener(name, tell, { signal: stop.signal });
    return () => ((this.#speaks = false), stop.abort());
  }

  /** Other tabs keep quiet about what is in sight here. */
  tellSight() {
    this.#others?.postMessage({ tab: this.#tab, ticket: document.hasFocus() ? route.ticketId : null });
  }

  /** Asks the browser; only ever called by a click. */
  async ask(): Promise<boolean> {
    if (this.permission === 'missing') return false;
    this.permission = await Notification.requestPermission();
    return this.permission === 'granted';
  }

  hear(event: LiveEvent) {
    const me = session.user?.id;
    if (!me || !this.#speaks || !(preferences.all.notify || preferences.all.sound)) return;
    const news = newsFor(event, me);
    if (!news || (document.hasFocus() && route.ticketId === news.ticketId)) return;
    if ([...this.#inSight.values()].includes(news.ticketId)) return;
    if (preferences.all.notify && this.permission === 'granted') this.#show(news);
    if (preferences.all.sound) this.ring();
  }

  #show({ ticketId, title, text }: News) {
    let shown: Notification;
    try {
      shown = new Notification(title, { body: text, tag: ticketId, icon: '/favicon.svg' });
    } catch {
      return; // browsers of phones allow it and then have it only for service workers
    }
    shown.onclick = () => {
      window.focus();
      route.go({ screen: 'ticket', id: ticketId });
      shown.close();
    };
  }

  /** Two soft tones; made here, so that no file has to be fetched. */
  ring() {
    try {
      const audio = (this.#audio ??= new AudioContext());
      for (const [tone, after] of [[660, 0], [880, 0.12]] as const) {
        const [wave, volume] = [audio.createOscillator(), audio.createGain()];
        const begin = audio.currentTime + after;
        wave.frequency.value = tone;
        volume.gain.setValueAtTime(0.08, begin);
        volume.gain.exponentialRampToValueAtTime(0.001, begin + 0.25);
        wave.connect(volume).connect(audio.destination);
        wave.start(begin);
        wave.stop(begin + 0.25);
      }
    } catch {
      // A browser without sound says nothing.
    }
  }
}

export const notify = new Notify();
