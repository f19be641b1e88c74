import { words } from './language.svelte';

/** A number of tickets; one above a thousand that was not counted to its end is "more than 1,000". */
export const many = (count: number): string => (count === 1001 ? `${words.number.format(1000)}+` : words.number.format(count));
