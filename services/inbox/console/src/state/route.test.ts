import { afterEach, expect, it, vi } from 'vitest';
import { hashOf, placeOf, route } from './route.svelte';

it.each([
  ['#/inbox/unassigned', { screen: 'inbox', view: 'unassigned' }],
  ['#/inbox/0199f0c2-0000-7000-8000-000000000001', { screen: 'inbox', view: '0199f0c2-0000-7000-8000-000000000001' }],
  ['#/inbox/all?status=open&tag=vip', { screen: 'inbox', view: 'all', search: 'status=open&tag=vip' }],
  ['#/tickets/0193-abc', { screen: 'ticket', id: '0193-abc' }],
  ['#/settings/people', { screen: 'settings', page: 'people' }],
  ['#/ledger', { screen: 'ledger' }],
  ['#/welcome?token=abc', { screen: 'welcome', token: 'abc' }],
  ['#/invitation?token=abc', { screen: 'invitation', token: 'abc' }],
  ['#/new-password?token=abc', { screen: 'new-password', token: 'abc' }],
  ['#/settings/audit', { screen: 'settings', page: 'audit' }],
] as const)('%s is a place with a link', (hash, place) => {
  expect(placeOf(hash)).toEqual(place);
  expect(hashOf(place)).toBe(hash);
});

it.each(['', '#', '#/inbox/nowhere', '#/what/ever'])('%j leads to my inbox', (hash) => {
  expect(placeOf(hash)).toEqual({ screen: 'inbox', view: 'mine' });
});

afterEach(() => vi.unstubAllGlobals());

it('what is not saved is not left without a question', () => {
  vi.stubGlobal('location', { hash: '' });
  const dirty = { is: true };
  route.go({ screen: 'settings', page: 'texts' });
  const free = route.guard(() => dirty.is);
  route.go({ screen: 'ledger' });
  expect([route.place.screen, route.asked]).toEqual(['settings', { screen: 'ledger' }]);
  route.stay();
  expect([route.place.screen, route.asked]).toEqual(['settings', null]);
  route.go({ screen: 'ledger' });
  dirty.is = false;
  route.leave();
  expect([route.place.screen, route.asked]).toEqual(['ledger', null]);
  free();
});
