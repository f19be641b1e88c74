import { tickets } from '../api/calls';
import type { RecipientTime } from '../api/shapes';
import { t } from '../text/language.svelte';
import { aheadIn, placeOfZone, timeIn } from '../text/zones';
import { clock } from './clock.svelte';

/** The clock at the other end of the open ticket (D6). */

/** Numbers that may be anywhere (toll-free ones) say nothing about the time. */
const MANY = 4;

class Recipient {
  known = $state.raw<RecipientTime | null>(null);
  #id = '';

  show(ticketId: string) {
    if (ticketId !== this.#id) this.known = null;
    this.#id = ticketId;
    void this.refresh();
  }

  forget() {
    this.#id = '';
    this.known = null;
  }

  async refresh() {
    const id = this.#id;
    const known = await tickets.recipientTime(id).catch(() => null);
    if (known && id === this.#id) this.known = known;
  }

  /** The zone to speak of; the first where a number belongs to several. */
  get zone(): string | null {
    const zones = this.known?.time_zones ?? [];
    return zones.length <= MANY ? (zones[0] ?? null) : null;
  }

  /** "21:14", or "18:14 to 21:14" where the number belongs to several zones; `null` when nobody can say. */
  get localTime(): string | null {
    if (!this.known || !this.zone) return null;
    const times = [...new Set(this.known.time_zones.map((zone) => timeIn(zone, clock.now)))];
    return times.length === 1 ? (times[0] ?? null) : t('{from} to {to}', { from: times[0] ?? '', to: times.at(-1) ?? '' });
  }

  get place(): string | null {
    return this.zone && this.known?.time_zones.length === 1 ? placeOfZone(this.zone) : null;
  }

  /** The next moment that is not in quiet hours, while they last. */
  get nextAllowed(): string | null {
    return this.known?.quiet ? this.known.next_allowed_at : null;
  }

  /** A moment on their clock, or on ours where theirs is not known. */
  ahead(iso: string): string {
    const zone = this.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
    const when = aheadIn(zone, iso, clock.now);
    return this.zone ? t('{when} (their time)', { when }) : when;
  }
}

export const recipient = new Recipient();
