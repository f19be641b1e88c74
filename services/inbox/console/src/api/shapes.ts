import type { components } from './generated/schema';

/** The JSON of the agents' API, by the names the console uses; `npm run types` writes them from `../openapi.json`. */

type Schemas = components['schemas'];

export type Channel = Schemas['Channel'];
export type Role = Schemas['Role'];
export type User = Schemas['User'];
export type AddedUser = Schemas['AddedUser'];
export type SignedIn = Schemas['Session'];
export type PendingSignIn = Schemas['PendingSignIn'];
export type EnrolledSession = Schemas['EnrolledSession'];
export type Enrolment = Schemas['Enrolment'];
export type RecoveryCodes = Schemas['RecoveryCodes'];
export type SecondStepState = Schemas['SecondStep'];
export type Passkey = Schemas['Passkey'];
export type PasskeyRequest = Schemas['PasskeyRequest'];
export type PasskeyChallenge = Schemas['PasskeyChallenge'];
export type OpenSession = Schemas['OpenSession'];
export type SignInOptions = Schemas['SignInOptions'];
export type Identity = Schemas['Identity'];
export type Invitation = Schemas['Invitation'];
export type Welcome = Schemas['Welcome'];
export type Erasure = Schemas['Erasure'];
export type ErasurePlan = Schemas['ErasurePlan'];
export type AuditEntry = Schemas['AuditEntry'];
export type AuditChange = Schemas['AuditChange'];

export type Ticket = Schemas['Ticket'];
export type ViewFilters = Schemas['Filters'];
export type SavedView = Schemas['View'];
export type ViewCounts = Schemas['ViewCounts'];
export type ViewChanged = Schemas['ViewChanged'];
export type Bulk = Schemas['Bulk'];
export type BulkChange = Schemas['BulkChange'];
export type BulkChanged = Schemas['BulkChanged'];
export type Found = Schemas['Found'];
export type FoundPart = Schemas['FoundPart'];
export type TicketPatch = Schemas['ChangeTicket'];
export type Message = Schemas['Message'];
export type Attribution = Schemas['Attribution'];
export type MessageStatus = Schemas['MessageStatus'];
export type AuthorKind = Schemas['AuthorKind'];
export type Attachment = Schemas['Attachment'];
export type NewReply = Schemas['Reply'];
export type MailFacts = Schemas['Mail'];
export type Appointment = Schemas['Appointment'];
export type AppointmentTime = Schemas['AppointmentTime'];
export type ReplyRecipients = Schemas['ReplyRecipients'];

export type MessageAdded = Schemas['MessageAdded'];
export type MessageChanged = Schemas['MessageChanged'];
export type MessageMoved = Schemas['MessageMoved'];
export type TicketChanged = Schemas['TicketChanged'];
export type Typing = Schemas['Typing'];

export type Note = Schemas['Note'];
export type NoteAdded = Schemas['NoteAdded'];
export type NoteRemoved = Schemas['NoteRemoved'];
export type QuickResponse = Schemas['QuickResponse'];
export type Priority = Schemas['Priority'];
export type Tag = Schemas['Tag'];
export type TagColour = Schemas['TagColour'];
export type TagDraft = Schemas['AddTag'];
export type Team = Schemas['Team'];
export type TeamDraft = Schemas['AddTeam'];
export type Availability = Schemas['Availability'];
export type AvailabilityPatch = Schemas['ChangeAvailability'];
export type RoutingChanged = Schemas['RoutingChanged'];
export type Rule = Schemas['Rule'];
export type RuleDraft = Schemas['AddRule'];
export type RuleConditions = Schemas['RuleConditions'];
export type LanguageCode = Schemas['LanguageCode'];
export type RuleAction = Schemas['RuleAction'];
export type RuleTrial = Schemas['RuleTrial'];
export type TicketsOver = Schemas['TicketsOver'];
export type Decision = Schemas['Decision'];

export type Profile = Schemas['Profile'];
export type Merge = Schemas['Merge'];
export type MergePlan = Schemas['MergePlan'];
export type Consent = Schemas['Consent'];
export type ConsentKind = Schemas['ConsentKind'];
export type ConsentState = Schemas['ConsentState'];
export type NewConsent = Schemas['RecordConsent'];

export type Settings = Schemas['Settings'];
export type Language = Schemas['Language'];
export type ApiKey = Schemas['ApiKey'];
export type AddedKey = Schemas['AddedKey'];
export type Webhook = Schemas['Webhook'];
export type WebhookEvent = Schemas['WebhookEvent'];
export type WebhookDelivery = Schemas['WebhookDelivery'];
export type AddedWebhook = Schemas['AddedWebhook'];
export type NewWebhook = Schemas['AddWebhook'];
export type WebhookPatch = Schemas['ChangeWebhook'];
export type LedgerEntry = Schemas['LedgerEntry'];
export type LedgerState = Schemas['LedgerState'];

export type Draft = Schemas['Draft'];
export type DraftMark = Schemas['DraftMark'];
export type SaveDraft = Schemas['SaveDraft'];
export type SavedDraft = Schemas['SavedDraft'];
export type Preferences = Schemas['Preferences'];
export type PreferencesPatch = Schemas['ChangePreferences'];
export type AgentPresence = Schemas['AgentPresence'];
export type Coupon = Schemas['Coupon'];
export type NewCoupon = Schemas['AddCoupon'];
export type CouponPatch = Schemas['ChangeCoupon'];
export type CouponGiven = Schemas['CouponGiven'];
export type AddedCodes = Schemas['AddedCodes'];
export type SmsPreview = Schemas['SmsPreview'];

export type RecipientTime = Schemas['RecipientTime'];

export type ChatSite = Schemas['ChatSite'];
export type PhoneNumber = Schemas['Number'];
export type Mailbox = Schemas['Mailbox'];
export type Carrier = Schemas['Carrier'];
export type NumberSetup = Omit<Schemas['SetUpNumber'], 'credentials'> & { credentials?: Record<string, string | null> };
export type MailboxSetup = Schemas['SetUpMailbox'];
export type MailboxTokens = Schemas['MailboxTokens'];
export type TokensSetup = Schemas['SetUpTokens'];
export type SiteSetup = Schemas['SetUpSite'];
export type MailboxTrial = Schemas['MailboxTrial'];
export type AnswerPreview = Schemas['AutoResponderPreview'];

export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

/** RFC 7396: what is to change. */
export type Patch<T> = { [K in keyof T]?: T[K] extends unknown[] ? T[K] : T[K] extends object ? Patch<T[K]> : T[K] };
