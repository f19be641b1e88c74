import { call } from './client';
import type { Identity, Page, SignInOptions } from './shapes';

/** The identity provider, where there is one; loaded by who has to do with it. */

/** Where a browser goes to sign in through it. */
export const door = '/api/v1/session/oidc';

export const provider = {
  /** How people sign in here. */
  options: () => call<SignInOptions>('GET', '/session/options'),
  /** Who one is there: one, or none. */
  own: async () => (await call<Page<Identity>>('GET', '/session/identities')).data,
  unlinkOwn: () => call<void>('DELETE', '/session/identities'),
  /** Who people are there. */
  all: async () => (await call<Page<Identity>>('GET', '/identities')).data,
  unlink: (user: string) => call<void>('DELETE', `/users/${user}/identity`),
};
