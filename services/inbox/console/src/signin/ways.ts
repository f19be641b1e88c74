import { provider } from '../api/provider';
import type { SignInOptions } from '../api/shapes';
import ProviderDoor from './ProviderDoor.svelte';

/** How people sign in here besides a password: comes beside the first screen, which waits for it. */
export async function ways(): Promise<SignInOptions & { Door: typeof ProviderDoor }> {
  return { ...(await provider.options()), Door: ProviderDoor };
}
