import { worded } from './language.svelte';

/** How urgent a ticket is. */
export const priorityWords = worded({ low: 'Low', normal: 'Normal', high: 'High', urgent: 'Urgent' });
