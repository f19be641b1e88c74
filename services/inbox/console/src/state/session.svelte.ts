import { sessions, type Came } from '../api/calls';
import { Problem, reason, useCsrf, whenSignedOut } from '../api/client';
import type { PendingSignIn, Role, SignedIn, User } from '../api/shapes';
import { drafts } from './drafts.svelte';
import { preferences } from './preferences.svelte';

/** Who is signed in. */

class Session {
  state = $state<'unknown' | 'out' | 'in' | 'unreachable'>('unknown');
  user = $state<User | null>(null);
  /** The first step is done, the second is not. */
  pending = $state<PendingSignIn | null>(null);
  /** Signed in by a one-time link: a password is still to be chosen. */
  mustChoosePassword = $state(false);

  #left: (() => void)[] = [];

  constructor() {
    whenSignedOut(() => this.#leave());
  }

  /** Calls back whenever somebody is signed out: what was theirs is not the next one's. */
  whenLeft(forget: () => void) {
    this.#left.push(forget);
  }

  async load() {
    try {
      this.enter(await sessions.current());
    } catch (error) {
      this.state = error instanceof Problem && error.passing ? 'unreachable' : 'out';
    }
  }

  /** Returns why it did not work. */
  async signIn(email: string, password: string): Promise<Problem | null> {
    return this.#try(() => sessions.signIn(email, password));
  }

  async signInWithLink(token: string): Promise<Problem | null> {
    const problem = await this.#try(() => sessions.signInWithLink(token));
    if (!problem) this.mustChoosePassword = true;
    return problem;
  }

  async accept(token: string, name: string, password: string): Promise<Problem | null> {
    return this.#try(() => sessions.accept(token, name, password));
  }

  async setPassword(password: string, current?: string): Promise<string | null> {
    try {
      await sessions.setPassword(password, current);
      this.mustChoosePassword = false;
      return null;
    } catch (error) {
      return reason(error);
    }
  }

  async signOut() {
    await drafts.flushAll();
    await sessions.signOut().catch(() => {});
    this.#leave();
  }

  /** What this role may do (A1). */
  get mayManageInbox(): boolean {
    return this.#is('owner', 'admin', 'manager');
  }

  get mayManageOrganization(): boolean {
    return this.#is('owner', 'admin');
  }

  #is(...roles: Role[]): boolean {
    return !!this.user && roles.includes(this.user.role);
  }

  async #try(signIn: () => Promise<Came>): Promise<Problem | null> {
    try {
      const came = await signIn();
      if ('second_step' in came) this.pending = came;
      else this.enter(came);
      return null;
    } catch (error) {
      return error instanceof Problem ? error : new Problem(0, 'unknown', reason(error));
    }
  }

  enter(signedIn: SignedIn) {
    this.pending = null;
    useCsrf(signedIn.csrf_token);
    drafts.begin(signedIn.user.id);
    preferences.begin(signedIn.user.id);
    this.user = signedIn.user;
    this.state = 'in';
  }

  #leave() {
    useCsrf('');
    drafts.end();
    for (const forget of this.#left) forget();
    preferences.end();
    this.user = null;
    this.mustChoosePassword = false;
    this.state = 'out';
  }
}

export const session = new Session();
