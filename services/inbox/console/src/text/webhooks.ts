import type { WebhookEvent } from '../api/shapes';
import { worded } from './language.svelte';

/** What a webhook can be told, in words. */
export const eventWords: Record<WebhookEvent, string> = worded({
  'ticket.created': 'A ticket was opened',
  'ticket.changed': 'A ticket changed',
  'message.received': 'A customer wrote',
  'message.queued': 'We wrote',
  'message.status': 'A message was sent, delivered or failed',
  'note.added': 'A colleague wrote a note',
  'profile.merged': 'Two profiles were merged',
});

export const events = Object.keys(eventWords) as WebhookEvent[];
