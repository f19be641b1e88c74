import { expect, it } from 'vitest';
import { apply, changesBetween, patchOf, reversed } from './changes';

const before = { badge: true, sms: { words: ['JOIN'], answer: 'hello', by: { '+1555': { words: ['VIP'] } } } };
const after = () => structuredClone(before) as Record<string, never> & typeof before;

it('finds what changed and nothing else', () => {
  expect(changesBetween(before, after())).toEqual([]);
  const changed = { ...after(), badge: false };
  changed.sms.words = ['JOIN', 'YES'];
  expect(changesBetween(before, changed).map(({ path }) => path.join('.'))).toEqual(['badge', 'sms.words']);
});

it('blanks around a text are no change, and never saved', () => {
  const changed = after();
  changed.sms.answer = ' hello ';
  expect(changesBetween(before, changed)).toEqual([]);
  changed.sms.answer = ' good day ';
  expect(patchOf(changesBetween(before, changed))).toEqual({ sms: { answer: 'good day' } });
});

it('what is gone is null in the patch, and comes back when taken back', () => {
  const changed = after();
  delete (changed.sms.by as Record<string, unknown>)['+1555'];
  const changes = changesBetween(before, changed);
  expect(patchOf(changes)).toEqual({ sms: { by: { '+1555': null } } });
  expect(patchOf(reversed(changes))).toEqual({ sms: { by: { '+1555': { words: ['VIP'] } } } });
});

it('what is new is gone when taken back', () => {
  const changed = { ...after(), sms: { ...after().sms, by: { ...before.sms.by, '+1666': { words: ['GOLD'] } } } };
  expect(patchOf(reversed(changesBetween(before, changed)))).toEqual({ sms: { by: { '+1666': null } } });
});

it('my changes survive when somebody else saves', () => {
  const mine = after();
  mine.sms.answer = 'mine';
  const theirs = { ...after(), badge: false };
  apply(theirs, changesBetween(before, mine));
  expect(theirs).toMatchObject({ badge: false, sms: { answer: 'mine', words: ['JOIN'] } });
});
