import { expect, test } from 'vitest';
import type { AuditEntry } from '../api/shapes';
import { hasDetails, sentenceOf } from './audit';

const entry = (over: Partial<AuditEntry>): AuditEntry => ({
  id: '1',
  at: '2026-11-26T10:00:00.000Z',
  actor: { kind: 'user', id: 'u1', name: 'Ana' },
  address: '203.0.113.9',
  action: 'changed',
  object: { kind: 'tag', id: 't1', name: 'refund' },
  changes: [],
  ...over,
});
const said = (over: Partial<AuditEntry>) => {
  const { who, did } = sentenceOf(entry(over));
  return `${who} ${did}`;
};
const fact = (field: string, after: unknown) => ({ field, before: null, after });

test('a line of the log is a sentence', () => {
  expect(said({})).toBe('Ana changed the tag refund');
  expect(said({ object: { kind: 'settings', id: 'organization', name: null } })).toBe('Ana changed the settings');
  expect(said({ action: 'blocked', object: { kind: 'profile', id: 'p1', name: null } })).toBe('Ana blocked a customer');
  const consent = [fact('kind', 'marketing'), fact('state', 'subscribed')];
  expect(said({ action: 'consent_recorded', object: { kind: 'profile', id: 'p1', name: 'Jo' }, changes: consent })).toBe('Ana recorded that the customer Jo agreed to marketing texts');
  expect(said({ action: 'reordered', object: { kind: 'rule', id: '', name: null } })).toBe('Ana put the rules into another order');
});

test('what people do with their own account does not name them twice', () => {
  const self: AuditEntry['object'] = { kind: 'user', id: 'u1', name: 'Ana' };
  expect(said({ action: 'password_changed', object: self })).toBe('Ana changed their password');
  expect(said({ action: 'sessions_ended', object: self, changes: [fact('sessions', 3)] })).toBe('Ana ended 3 sessions of their own');
  expect(said({ action: 'password_changed', object: { ...self, id: 'u2', name: 'Bo' } })).toBe('Ana changed the password of the person Bo');
  expect(said({ action: 'signed_in', object: self, changes: [fact('with', 'password')] })).toBe('Ana signed in with a password');
  expect(said({ action: 'signed_in', object: self, changes: [fact('with', 'oidc')] })).toBe('Ana signed in through the identity provider');
  expect(said({ action: 'identity_unlinked', object: self })).toBe('Ana unlinked themselves from the identity provider');
  expect(said({ action: 'identity_unlinked', object: { ...self, id: 'u2', name: 'Bo' } })).toBe('Ana unlinked the person Bo from the identity provider');
});

test('who was not let in is nobody in particular', () => {
  const nobody: AuditEntry['actor'] = { kind: 'nobody', id: '', name: '' };
  expect(said({ actor: nobody, action: 'sign_in_failed', object: { kind: 'user', id: '', name: 'x@y.example' }, changes: [fact('with', 'password')] })).toBe('Somebody was refused to sign in as x@y.example with a password');
  expect(said({ actor: nobody, action: 'sign_in_failed', object: { kind: 'user', id: '', name: null } })).toBe('Somebody was refused to sign in');
  expect(said({ actor: nobody, action: 'sign_in_failed', object: { kind: 'user', id: '', name: null }, changes: [fact('with', 'oidc'), fact('disabled', false)] })).toBe('Somebody was refused to sign in through the identity provider');
  expect(said({ actor: nobody, action: 'sign_in_failed', object: { kind: 'user', id: 'u2', name: 'Bo' }, changes: [fact('with', 'oidc'), fact('disabled', true)] })).toBe('Somebody was refused to sign in as Bo (shut out)');
});

test('only changes of values are shown beside the sentence', () => {
  expect(hasDetails(entry({ changes: [fact('name', 'x')] }))).toBe(true);
  expect(hasDetails(entry({ action: 'signed_in', changes: [fact('with', 'password')] }))).toBe(false);
});
