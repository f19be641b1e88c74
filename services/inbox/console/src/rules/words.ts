import type { Channel, LanguageCode, Rule, RuleAction } from '../api/shapes';
import { listed, t, worded, words as console } from '../text/language.svelte';
import { channelName, phone } from '../text/names';

export const whenWords = worded({
  new_ticket: 'a new ticket is opened',
  reopened: 'a message reopens a closed ticket',
  every_message: 'a customer writes, every time',
});

const codes: Record<LanguageCode, true> = { ar: true, de: true, en: true, es: true, fr: true, hi: true, it: true, ja: true, ko: true, nl: true, pt: true, ru: true, sv: true, tr: true, vi: true, zh: true };

/** A language as the console's language calls it. */
export const languageName = (code: LanguageCode) => new Intl.DisplayNames(console.locale, { type: 'language' }).of(code) ?? code;

/** Every language that can be told, by name. */
export const toldLanguages = () =>
  (Object.keys(codes) as LanguageCode[]).map((code) => ({ code, name: languageName(code) })).sort((a, b) => a.name.localeCompare(b.name, console.locale));

/** How a sentence names a priority. */
const inside = worded({ low: 'low', normal: 'normal', high: 'high', urgent: 'urgent' });

/** `a or b`, `a, b or c`. */
const or = (all: readonly string[]) => listed(all, 'disjunction');
const quoted = (words: readonly string[]) => words.map((word) => `“${word}”`);
const brief = (text: string) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

/** What a rule looks at, in one sentence. */
export function condition(rule: Rule): string {
  const { when, channel, inbox, words, subject, tag, language, property, hours } = rule.conditions;
  const parts = [t('When {event}', { event: whenWords[when ?? 'new_ticket'] })];
  if (channel?.length) parts.push(t('by {channels}', { channels: or(channel.map((one: Channel) => channelName[one])) }));
  if (inbox?.length) parts.push(t('at {inboxes}', { inboxes: or(inbox.map(phone)) }));
  if (words) parts.push(t('that says {words}', { words: 'all' in words ? listed(quoted(words.all)) : or(quoted(words.any)) }));
  if (subject) parts.push(t('with “{subject}” in the subject', { subject }));
  if (tag?.length) parts.push(t('tagged {tags}', { tags: or(tag) }));
  if (language && 'is' in language) parts.push(t('written in {languages}', { languages: or(language.is.map(languageName)) }));
  if (language && 'is_not' in language) parts.push(t('written in another language than {languages}', { languages: or(language.is_not.map(languageName)) }));
  if (property) parts.push(t('whose customer’s {name} has “{words}”', { name: property.name, words: property.contains }));
  if (hours) parts.push(hours === 'inside' ? t('within office hours') : t('outside office hours'));
  return parts.reduce((before, next) => t('{before} {next}', { before, next }));
}

/** What a rule does, in one sentence. */
export function consequence(rule: Rule, nameOf: (id: string) => string): string {
  const all = rule.actions.map((action) => said(action, nameOf)).join(', ');
  return rule.stop ? t('{all}; then no other rule', { all }) : all;
}

function said(action: RuleAction, nameOf: (id: string) => string): string {
  switch (action.kind) {
    case 'assign_agent':
      return t('assign to {name}', { name: nameOf(action.user_id) });
    case 'assign_team':
      return t('give to the team {name}', { name: nameOf(action.team_id) });
    case 'add_tags':
      return t('tag {tags}', { tags: action.tags.join(', ') });
    case 'set_priority':
      return t('priority {priority}', { priority: inside[action.priority] });
    case 'mark_read':
      return t('mark as read');
    case 'close':
      return t('close');
    case 'auto_reply':
      return t('answer “{text}”', { text: brief(action.text) });
  }
}
