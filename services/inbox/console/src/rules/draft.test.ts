import { expect, test } from 'vitest';
import type { Rule } from '../api/shapes';
import { draftOf, empty, listed, ruleOf } from './draft';
import { condition, consequence } from './words';

const full: Rule = {
  id: 'r1',
  name: 'Refunds',
  enabled: true,
  stop: true,
  conditions: {
    when: 'every_message',
    channel: ['email'],
    inbox: ['support@acme.example'],
    words: { all: ['refund', 'money back'] },
    subject: 'order',
    tag: ['vip'],
    language: { is: ['de', 'fr'] },
    property: { name: 'location', contains: 'Berlin' },
    hours: 'outside',
  },
  actions: [
    { kind: 'assign_team', team_id: 't1' },
    { kind: 'add_tags', tags: ['refund'] },
    { kind: 'set_priority', priority: 'high' },
    { kind: 'mark_read' },
    { kind: 'close' },
    { kind: 'auto_reply', text: 'We have it.' },
  ],
};

test('a rule survives being written in a form', () => {
  const { id: _, ...rest } = full;
  expect(ruleOf(draftOf(full))).toEqual(rest);
  const other = { ...rest, conditions: { ...rest.conditions, language: { is_not: ['en' as const] } } };
  expect(ruleOf(draftOf({ ...full, ...other }))).toEqual(other);
});

test('what a form leaves empty is no condition', () => {
  expect(ruleOf({ ...empty, name: ' x ', close: true })).toEqual({
    name: 'x',
    enabled: true,
    stop: false,
    conditions: { when: 'new_ticket' },
    actions: [{ kind: 'close' }],
  });
  expect(listed(' refund, ,money back,refund ')).toEqual(['refund', 'money back']);
});

test('a rule says what it does in plain words', () => {
  expect(condition(full)).toBe(
    'When a customer writes, every time by Email at support@acme.example that says “refund” and “money back” ' +
      'with “order” in the subject tagged vip written in German or French whose customer’s location has “Berlin” outside office hours',
  );
  expect(condition({ ...full, conditions: { language: { is_not: ['en'] } } })).toBe('When a new ticket is opened written in another language than English');
  expect(consequence(full, () => 'Returns')).toBe(
    'give to the team Returns, tag refund, priority high, mark as read, close, answer “We have it.”; then no other rule',
  );
});
