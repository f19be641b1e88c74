import type { Code } from './secondStep';
import { call } from './client';
import type { Page, Passkey, PasskeyChallenge, PasskeyRequest, SignedIn } from './shapes';

/** Passkeys; loaded by who has to do with them. */

/** What a browser gives to sign in. */
export interface Used {
  id: string;
  client_data: string;
  authenticator_data: string;
  signature: string;
  user_handle: string;
}

/** A passkey that a browser made. */
export interface Made {
  client_data: string;
  attestation: string;
}

export const passkeys = {
  ask: () => call<PasskeyChallenge>('POST', '/session/passkey/challenge'),
  signIn: (used: Used) => call<SignedIn>('POST', '/session/passkey', { body: used }),
  list: async () => (await call<Page<Passkey>>('GET', '/passkeys')).data,
  request: (password: string, code?: Code) => call<PasskeyRequest>('POST', '/passkeys/challenge', { body: { password, ...code } }),
  add: (name: string, made: Made) => call<Passkey>('POST', '/passkeys', { body: { name, ...made } }),
  rename: (id: string, name: string) => call<Passkey>('PATCH', `/passkeys/${id}`, { body: { name } }),
  remove: (id: string, password: string) => call<void>('POST', `/passkeys/${id}/remove`, { body: { password } }),
};
