import { reason } from '../api/client';
import { type Made, passkeys, type Used } from '../api/passkeys';
import type { PasskeyRequest, SignedIn } from '../api/shapes';
import { t } from '../text/language.svelte';

/** What the browser is asked when a passkey is made or used (Web Authentication). */

/** How long somebody has to touch a key or look into a camera: as long as a challenge is good. */
const PATIENCE = 5 * 60 * 1000;

/** Signs in by a passkey of this device, or one that is near. Answers why it did not work, for people.
 * `session` comes from who asks: the page begins with it, and this comes later. */
export async function enter(session: { enter: (signedIn: SignedIn) => void }): Promise<string | null> {
  try {
    const { challenge, rp_id } = await passkeys.ask();
    session.enter(await passkeys.signIn(await use(challenge, rp_id)));
    return null;
  } catch (error) {
    return passkeyReason(error);
  }
}

async function use(challenge: string, rpId: string): Promise<Used> {
  const found = await navigator.credentials.get({
    publicKey: { challenge: bytes(challenge), rpId, userVerification: 'required', timeout: PATIENCE },
  });
  const { rawId, response } = found as PublicKeyCredential;
  const said = response as AuthenticatorAssertionResponse;
  return {
    id: text(rawId),
    client_data: text(said.clientDataJSON),
    authenticator_data: text(said.authenticatorData),
    signature: text(said.signature),
    user_handle: text(said.userHandle ?? new ArrayBuffer(0)),
  };
}

/** Makes a passkey. */
export async function make(request: PasskeyRequest): Promise<Made> {
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: bytes(request.challenge),
      rp: { id: request.rp_id, name: request.rp_name },
      user: { id: bytes(request.user_handle), name: request.user_name, displayName: request.display_name },
      pubKeyCredParams: request.algorithms.map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: request.exclude.map((id) => ({ type: 'public-key', id: bytes(id) })),
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none',
      timeout: PATIENCE,
    },
  });
  const said = (made as PublicKeyCredential).response as AuthenticatorAttestationResponse;
  return { client_data: text(said.clientDataJSON), attestation: text(said.attestationObject) };
}

/** Why it did not work, for people. A browser says little, lest a page learns who has passkeys. */
export function passkeyReason(error: unknown): string {
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
    case 'AbortError':
      return t('It was cancelled, took too long, or there is no passkey for this here.');
    case 'InvalidStateError':
      return t('This device has a passkey of yours already.');
    case 'SecurityError':
      return t('Passkeys do not work at this address: open Frontdesk at the one it is set up for.');
    case 'NotSupportedError':
    case 'ConstraintError':
      return t('This device cannot keep such a passkey.');
    default:
      return reason(error);
  }
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
}

function text(buffer: ArrayBuffer): string {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
  return btoa(letters).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
