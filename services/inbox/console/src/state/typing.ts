import { tickets as api } from '../api/calls';

/** Tells a visitor that an answer is being written: once while it goes on, and once when it stops. */

const REPEAT = 4000;
let told = { ticketId: '', at: 0 };
let stops: ReturnType<typeof setTimeout> | undefined;

export function typed(ticketId: string) {
  clearTimeout(stops);
  stops = setTimeout(() => stopped(ticketId), REPEAT);
  if (told.ticketId === ticketId && Date.now() - told.at < REPEAT) return;
  told = { ticketId, at: Date.now() };
  tell(ticketId, true);
}

export function stopped(ticketId: string) {
  clearTimeout(stops);
  if (told.ticketId !== ticketId) return;
  told = { ticketId: '', at: 0 };
  tell(ticketId, false);
}

/** A courtesy: nothing depends on it. */
function tell(ticketId: string, on: boolean) {
  api.typing(ticketId, on).catch(() => {});
}
