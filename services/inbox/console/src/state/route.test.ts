import { expect, it } from 'vitest';
import { hashOf, placeOf } from './route.svelte';

it.each([
  ['#/inbox/unassigned', { screen: 'inbox', view: 'unassigned' }],
  ['#/tickets/0193-abc', { screen: 'ticket', id: '0193-abc' }],
  ['#/settings/people', { screen: 'settings', page: 'people' }],
  ['#/ledger', { screen: 'ledger' }],
  ['#/welcome?token=abc', { screen: 'welcome', token: 'abc' }],
] as const)('%s is a place with a link', (hash, place) => {
  expect(placeOf(hash)).toEqual(place);
  expect(hashOf(place)).toBe(hash);
});

it.each(['', '#', '#/inbox/nowhere', '#/what/ever'])('%j leads to my inbox', (hash) => {
  expect(placeOf(hash)).toEqual({ screen: 'inbox', view: 'mine' });
});
