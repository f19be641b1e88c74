import type { Channel, LanguageCode, Priority, Rule, RuleAction, RuleConditions, RuleDraft } from '../api/shapes';

/** A rule while it is written: what a form has, and nothing that would make no sense. */
export interface Draft {
  name: string;
  enabled: boolean;
  when: 'new_ticket' | 'reopened' | 'every_message';
  channel: Channel[];
  inbox: string;
  words: string;
  allWords: boolean;
  subject: string;
  tag: string;
  language: '' | 'is' | 'is_not';
  languages: LanguageCode[];
  property: { name: string; contains: string };
  hours: '' | 'inside' | 'outside';
  /** `agent:ID`, `team:ID`, or nobody. */
  assign: string;
  tags: string;
  priority: '' | Priority;
  markRead: boolean;
  close: boolean;
  reply: string;
  stop: boolean;
}

export const empty: Draft = {
  name: '',
  enabled: true,
  when: 'new_ticket',
  channel: [],
  inbox: '',
  words: '',
  allWords: false,
  subject: '',
  tag: '',
  language: '',
  languages: [],
  property: { name: '', contains: '' },
  hours: '',
  assign: '',
  tags: '',
  priority: '',
  markRead: false,
  close: false,
  reply: '',
  stop: false,
};

/** What is divided by commas. */
export function listed(text: string): string[] {
  return [...new Set(text.split(',').map((one) => one.trim()).filter(Boolean))];
}

export function draftOf(rule: Rule): Draft {
  const { conditions, actions } = rule;
  const { words, language } = conditions;
  const draft: Draft = {
    ...empty,
    name: rule.name,
    enabled: rule.enabled,
    stop: rule.stop,
    when: conditions.when ?? 'new_ticket',
    channel: conditions.channel ?? [],
    inbox: (conditions.inbox ?? []).join(', '),
    words: words ? ('all' in words ? words.all : words.any).join(', ') : '',
    allWords: !!words && 'all' in words,
    subject: conditions.subject ?? '',
    tag: (conditions.tag ?? []).join(', '),
    language: language ? ('is' in language ? 'is' : 'is_not') : '',
    languages: language ? ('is' in language ? language.is : language.is_not) : [],
    property: conditions.property ? { ...conditions.property } : { name: '', contains: '' },
    hours: conditions.hours ?? '',
  };
  for (const action of actions) {
    if (action.kind === 'assign_agent') draft.assign = `agent:${action.user_id}`;
    if (action.kind === 'assign_team') draft.assign = `team:${action.team_id}`;
    if (action.kind === 'add_tags') draft.tags = action.tags.join(', ');
    if (action.kind === 'set_priority') draft.priority = action.priority;
    if (action.kind === 'mark_read') draft.markRead = true;
    if (action.kind === 'close') draft.close = true;
    if (action.kind === 'auto_reply') draft.reply = action.text;
  }
  return draft;
}

export function ruleOf(draft: Draft): RuleDraft {
  const conditions: RuleConditions = { when: draft.when };
  const [inbox, words, tag] = [listed(draft.inbox), listed(draft.words), listed(draft.tag)];
  if (draft.channel.length) conditions.channel = draft.channel;
  if (inbox.length) conditions.inbox = inbox;
  if (words.length) conditions.words = draft.allWords ? { all: words } : { any: words };
  if (draft.subject.trim()) conditions.subject = draft.subject.trim();
  if (tag.length) conditions.tag = tag;
  if (draft.language) conditions.language = draft.language === 'is' ? { is: draft.languages } : { is_not: draft.languages };
  if (draft.property.name.trim() || draft.property.contains.trim()) conditions.property = draft.property;
  if (draft.hours) conditions.hours = draft.hours;
  return { name: draft.name.trim(), enabled: draft.enabled, stop: draft.stop, conditions, actions: actionsOf(draft) };
}

function actionsOf(draft: Draft): RuleAction[] {
  const actions: RuleAction[] = [];
  const [kind, id = ''] = draft.assign.split(':');
  if (kind === 'agent') actions.push({ kind: 'assign_agent', user_id: id });
  if (kind === 'team') actions.push({ kind: 'assign_team', team_id: id });
  if (listed(draft.tags).length) actions.push({ kind: 'add_tags', tags: listed(draft.tags) });
  if (draft.priority) actions.push({ kind: 'set_priority', priority: draft.priority });
  if (draft.markRead) actions.push({ kind: 'mark_read' });
  if (draft.close) actions.push({ kind: 'close' });
  if (draft.reply.trim()) actions.push({ kind: 'auto_reply', text: draft.reply.trim() });
  return actions;
}
