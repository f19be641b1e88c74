import type { components } from './generated/schema';

/** The JSON of the agents' API, by the names the console uses; `npm run types` writes them from `../openapi.json`. */

type Schemas = components['schemas'];

export type Channel = Schemas['Channel'];
export type Role = Schemas['Role'];
export type User = Schemas['User'];
export type AddedUser = Schemas['AddedUser'];
export type SignedIn = Schemas['Session'];

export type Ticket = Schemas['Ticket'];
export type TicketPatch = Schemas['ChangeTicket'];
export type Message = Schemas['Message'];
export type MessageStatus = Schemas['MessageStatus'];
export type AuthorKind = Schemas['AuthorKind'];
export type Attachment = Schemas['Attachment'];
export type NewReply = Schemas['Reply'];

export type MessageAdded = Schemas['MessageAdded'];
export type MessageMoved = Schemas['MessageMoved'];
export type TicketChanged = Schemas['TicketChanged'];
export type Typing = Schemas['Typing'];

export type Profile = Schemas['Profile'];
export type Consent = Schemas['Consent'];
export type ConsentKind = Schemas['ConsentKind'];
export type ConsentState = Schemas['ConsentState'];
export type NewConsent = Schemas['RecordConsent'];

export type Settings = Schemas['Settings'];
export type ApiKey = Schemas['ApiKey'];
export type AddedKey = Schemas['AddedKey'];
export type LedgerEntry = Schemas['LedgerEntry'];
export type LedgerState = Schemas['LedgerState'];

export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

/** RFC 7396: what is to change. */
export type Patch<T> = { [K in keyof T]?: T[K] extends unknown[] ? T[K] : T[K] extends object ? Patch<T[K]> : T[K] };
