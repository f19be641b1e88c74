import { Problem, fetched } from '../api/client';
import { t } from '../text/language.svelte';

/** Everything that is kept of a person, as a file. */

/** The zip, once all of it is here: half of one is no zip. */
export async function exported(profile: string, signal: AbortSignal): Promise<File> {
  const response = await fetched('GET', `/profiles/${profile}/export`, { signal });
  const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'person.zip';
  try {
    return new File([await response.blob()], name, { type: 'application/zip' });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Problem(0, 'broken_off', t('The export broke off before all of it was here. Try again.'));
  }
}

/** Gives a file to the person who sits there. */
export function saveAs(file: File) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  // the browser has begun to save it by then
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
