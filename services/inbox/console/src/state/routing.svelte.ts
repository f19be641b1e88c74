import { routing as api, tags as tagsApi } from '../api/calls';
import { reason } from '../api/client';
import type { Availability, Tag, TagColour, Team } from '../api/shapes';
import type { LiveEvent } from './live.svelte';
import { session } from './session.svelte';
import { toasts } from './toasts.svelte';

/** Teams, tags, and who can be given tickets. */

class Routing {
  teams = $state.raw<Team[]>([]);
  availability = $state.raw<Availability[]>([]);
  tags = $state.raw<Tag[]>([]);
  /** Counts the changes of the rules, so that whoever shows them asks again. */
  rulesChanged = $state(0);

  #soon: ReturnType<typeof setTimeout> | undefined;
  #colours = $derived(new Map(this.tags.map(({ name, colour }) => [name, colour])));

  async load() {
    await Promise.all([this.loadTeams(), this.loadAvailability(), this.loadTags()]);
  }

  async loadTeams() {
    this.teams = await api.teams().catch(() => this.teams);
  }

  async loadAvailability() {
    this.availability = await api.availability().catch(() => this.availability);
  }

  async loadTags() {
    this.tags = await tagsApi.list().catch(() => this.tags);
  }

  hear(event: LiveEvent) {
    if (event.kind === 'reload') {
      void this.load();
      this.rulesChanged++;
    }
    // A tag that is not in the list was typed just now, or came back.
    if ((event.kind === 'ticket' || event.kind === 'message') && event.ticket.tags.some((tag) => !this.#colours.has(tag))) this.#tagsSoon();
    if (event.kind !== 'routing') return;
    if (event.what === 'teams') void this.loadTeams();
    else if (event.what === 'tags') void this.loadTags();
    else if (event.what === 'availability') void this.loadAvailability();
    else this.rulesChanged++;
  }

  #tagsSoon() {
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => void this.loadTags(), 300);
  }

  team(id: string | null): Team | undefined {
    return this.teams.find((team) => team.id === id);
  }

  colourOf(tag: string): TagColour {
    return this.#colours.get(tag) ?? 'grey';
  }

  of(userId: string | undefined): Availability | undefined {
    return this.availability.find((one) => one.user_id === userId);
  }

  /** Whether I take tickets; lasts until I say otherwise. */
  get away(): boolean {
    return this.of(session.user?.id)?.status === 'away';
  }

  async setAway(away: boolean) {
    try {
      await api.say('me', { status: away ? 'away' : 'available' });
    } catch (error) {
      toasts.fail(reason(error));
    }
    await this.loadAvailability();
  }
}

export const routing = new Routing();
