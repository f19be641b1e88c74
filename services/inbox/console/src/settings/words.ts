import type { Language } from '../api/shapes';
import { t, worded } from '../text/language.svelte';
import { phone } from '../text/names';

/** Settings by the names people know them by. */
const names: Record<string, string> = worded({
  'organization.name': 'Name',
  'organization.prefix': 'Prefix of automatic texts',
  'organization.support_email': 'Support email',
  'privacy.audit_days': 'Audit log kept for (days)',
  'privacy.sms_days': 'Texts kept for (days)',
  'privacy.email_days': 'Mails kept for (days)',
  'privacy.chat_days': 'Chats kept for (days)',
  'security.second_step_required': 'Everybody needs a second step',
  badge: 'Unread badge',
  'replies.undo_seconds': 'Time to undo',
  'notifications.recipients': 'Who is told',
  'notifications.channels': 'Of new messages on',
  'sms.auto_responder.mode': 'Who gets an automatic answer',
  'sms.auto_responder.text_all': 'Answer to everybody',
  'sms.auto_responder.text_non_consented': 'Answer to those who have not agreed',
  'sms.keywords.subscribe': 'Words that subscribe',
  'sms.keywords.languages': 'Languages of keywords',
  'sms.keywords.answer_subscribe': 'Answer to a subscribe word',
  'sms.keywords.answer_help': 'Answer to HELP',
  'sms.keywords.answer_stop': 'Answer to STOP',
  'sms.shorten_links': 'Shorten links',
  'sms.attribution_window_hours': 'Attribution window',
  'sms.quiet_hours.from': 'Quiet hours begin',
  'sms.quiet_hours.to': 'Quiet hours end',
  'email.signature': 'Signature',
  'email.own_signatures': 'Signatures of colleagues',
  'email.quote': 'Quote the mail that is answered',
  'chat.welcome_message': 'Welcome message',
  'chat.branding.title': 'Title of the chat',
  'chat.branding.subtitle': 'Line below the title',
  'chat.branding.color': 'Colour',
  'chat.branding.position': 'Where the button is',
  'chat.branding.font': 'Font',
  'chat.branding.button_shape': 'Buttons',
  'chat.form.enabled': 'Form before the chat',
  'chat.form.fields': 'Fields of the form',
  'chat.office_hours.time_zone': 'Time zone',
  'chat.office_hours.holidays': 'Holidays',
  'chat.office_hours.text_inside': 'Automatic answer',
  'chat.office_hours.text_outside': 'Automatic answer outside office hours',
  'chat.follow_up.enabled': 'Mail to visitors who left',
  'chat.follow_up.delay_seconds': 'How long after',
  'chat.follow_up.from': 'From',
  'chat.follow_up.reply_to': 'Answers go to',
  'chat.close_after_hours': 'Idle chats end after',
  'chat.office_hours.text_nobody': 'Automatic answer when nobody is there',
});

const modes: Record<string, string> = worded({ all: 'everybody', non_consented: 'those who have not agreed', off: 'nobody' });

const weekdays: Record<string, string> = worded({
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
});

export function settingName(path: string[]): string {
  const key = path.join('.');
  const day = /^chat\.office_hours\.days\.(\w+)/.exec(key)?.[1];
  if (day) return t('Hours on {day}', { day: weekdays[day] ?? day });
  const [, mailbox, what] = /^email\.mailboxes\.(.+?)(\.name|\.signature)?$/.exec(key) ?? [];
  if (mailbox) return what === '.name' ? t('Name of {mailbox}', { mailbox }) : t('Signature of {mailbox}', { mailbox });
  const number = /^sms\.keywords\.by_number\.(\+?\d+)/.exec(key);
  return names[key] ?? (number?.[1] ? t('Words of {number}', { number: phone(number[1]) }) : key);
}

/** A value as it is told in a list of changes. */
export function settingValue(path: string[], value: unknown): string {
  if (path.join('.') === 'sms.auto_responder.mode') return modes[String(value)] ?? String(value);
  if (Array.isArray(value)) return value.join(', ') || t('none');
  if (typeof value === 'boolean') return value ? t('on') : t('off');
  if (typeof value === 'object' && value) return Object.values(value).map((one) => settingValue([], one)).join(', ') || t('none');
  const text = String(value ?? '').trim();
  return text.length > 60 ? `${text.slice(0, 59)}…` : text || t('empty');
}

/** Variables of automatic texts (H1). */
export const variables = ['organization_prefix', 'support_email', 'sender_email', 'name', 'first_name', 'phone'];

export const carrierNames: Record<string, string> = {
  twilio: 'Twilio',
  vonage: 'Vonage',
  telnyx: 'Telnyx',
  plivo: 'Plivo',
  messagebird: 'MessageBird',
  infobip: 'Infobip',
  sinch: 'Sinch',
  bandwidth: 'Bandwidth',
  aws_sns: 'Amazon SNS',
  get sandbox() {
    return t('Sandbox');
  },
};

export const languageNames: Record<Language, string> = worded({
  en: 'English',
  es: 'Spanish',
  fr: 'French',
  it: 'Italian',
  pt: 'Portuguese',
  de: 'German',
  nl: 'Dutch',
});
