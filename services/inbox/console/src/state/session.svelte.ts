import { sessions } from '../api/calls';
import { Problem, reason, useCsrf, whenSignedOut } from '../api/client';
import type { Role, SignedIn, User } from '../api/shapes';

/** Who is signed in. */

class Session {
  state = $state<'unknown' | 'out' | 'in' | 'unreachable'>('unknown');
  user = $state<User | null>(null);
  /** Signed in by a one-time link: a password is still to be chosen. */
  mustChoosePassword = $state(false);

  constructor() {
    whenSignedOut(() => this.#leave());
  }

  async load() {
    try {
      this.#enter(await sessions.current());
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

  async setPassword(password: string): Promise<string | null> {
    try {
      await sessions.setPassword(password);
      this.mustChoosePassword = false;
      return null;
    } catch (error) {
      return reason(error);
    }
  }

  async signOut() {
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

  async #try(signIn: () => Promise<SignedIn>): Promise<Problem | null> {
    try {
      this.#enter(await signIn());
      return null;
    } catch (error) {
      return error instanceof Problem ? error : new Problem(0, 'unknown', reason(error));
    }
  }

  #enter(signedIn: SignedIn) {
    useCsrf(signedIn.csrf_token);
    this.user = signedIn.user;
    this.state = 'in';
  }

  #leave() {
    useCsrf('');
    this.user = null;
    this.mustChoosePassword = false;
    this.state = 'out';
  }
}

export const session = new Session();
