import { users } from '../api/calls';
import type { User } from '../api/shapes';
import { session } from './session.svelte';

/** Everybody a ticket can be assigned to. */

class People {
  all = $state.raw<User[]>([]);

  async load() {
    this.all = await users.list().catch(() => (session.user ? [session.user] : []));
  }

  get active(): User[] {
    return this.all.filter((user) => !user.disabled);
  }
}

export const people = new People();
