import type { Rule, RuleAction } from '../api/shapes';
import { channelName, phone } from '../text/names';

export const whenWords = {
  new_ticket: 'a new ticket is opened',
  reopened: 'a message reopens a closed ticket',
  every_message: 'a customer writes, every time',
} as const;

export const priorityWords = { low: 'Low', normal: 'Normal', high: 'High', urgent: 'Urgent' } as const;

const quoted = (words: string[], joint: string) => words.map((word) => `“${word}”`).join(joint);

/** What a rule looks at, in one sentence. */
export function condition(rule: Rule): string {
  const { when, channel, inbox, words, subject, tag, property, hours } = rule.conditions;
  const parts = [`When ${whenWords[when ?? 'new_ticket']}`];
  if (channel?.length) parts.push(`by ${channel.map((one) => channelName[one]).join(' or ')}`);
  if (inbox?.length) parts.push(`at ${inbox.map(phone).join(' or ')}`);
  if (words) parts.push('all' in words ? `that says ${quoted(words.all, ' and ')}` : `that says ${quoted(words.any, ' or ')}`);
  if (subject) parts.push(`with “${subject}” in the subject`);
  if (tag?.length) parts.push(`tagged ${tag.join(' or ')}`);
  if (property) parts.push(`whose customer’s ${property.name} has “${property.contains}”`);
  if (hours) parts.push(hours === 'inside' ? 'within office hours' : 'outside office hours');
  return parts.join(' ');
}

/** What a rule does, in one sentence. */
export function consequence(rule: Rule, nameOf: (id: string) => string): string {
  const done = rule.actions.map((action) => said(action, nameOf));
  const all = done.join(', ');
  return rule.stop ? `${all}; then no other rule` : all;
}

function said(action: RuleAction, nameOf: (id: string) => string): string {
  switch (action.kind) {
    case 'assign_agent':
      return `assign to ${nameOf(action.user_id)}`;
    case 'assign_team':
      return `give to the team ${nameOf(action.team_id)}`;
    case 'add_tags':
      return `tag ${action.tags.join(', ')}`;
    case 'set_priority':
      return `priority ${action.priority}`;
    case 'mark_read':
      return 'mark as read';
    case 'close':
      return 'close';
    case 'auto_reply':
      return `answer “${action.text.length > 60 ? `${action.text.slice(0, 59)}…` : action.text}”`;
  }
}
