import { expect, it } from 'vitest';
import type { Message, Note } from '../api/shapes';
import { timeline } from './timeline';

const message = (id: string, minute: number, over: Partial<Message> = {}) =>
  ({
    id,
    ticket_id: 'now',
    direction: 'in',
    author: { kind: 'customer', id: 'anna', name: 'Anna' },
    status: 'received',
    sent_at: new Date(2026, 2, 18, 10, minute).toISOString(),
    ...over,
  }) as Message;

const drawn = (messages: Message[]) =>
  timeline(messages, 'now').map((item) =>
    item.kind === 'message' ? `${item.begins ? '[' : ' '}${item.message.id}${item.ends ? ']' : ''}` : item.kind,
  );

it('gathers what one person writes in a row', () => {
  expect(drawn([message('a', 0), message('b', 2), message('c', 30)])).toEqual(['day', '[a', ' b]', '[c]']);
});

it('keeps a robot’s words apart from a person’s', () => {
  const robot = { kind: 'auto_responder' as const, id: null, name: null };
  expect(drawn([message('a', 0), message('r', 1, { author: robot, direction: 'out' }), message('b', 2)])).toEqual([
    'day',
    '[a]',
    '[r]',
    '[b]',
  ]);
});

it('F1: says where an earlier conversation of the same person ends', () => {
  expect(drawn([message('old', 0, { ticket_id: 'before' }), message('a', 1)])).toEqual([
    'day',
    'ticket',
    '[old]',
    'ticket',
    '[a]',
  ]);
});

it('begins every day with its name', () => {
  const yesterday = new Date(2026, 2, 17, 23, 59).toISOString();
  expect(drawn([message('a', 0, { sent_at: yesterday }), message('b', 1)])).toEqual(['day', '[a]', 'day', '[b]']);
});

it('puts notes where they were written, and leaves out those before what is shown', () => {
  const note = (id: string, minute: number) => ({ id, created_at: new Date(2026, 2, 18, 10, minute).toISOString() }) as Note;
  const messages = [message('a', 0), message('b', 2)];
  const order = (whole: boolean) =>
    timeline(messages, 'now', [note('n1', -5), note('n2', 1), note('n3', 9)], whole).map(({ key }) => key.split(' ')[0]);
  expect(order(true)).toEqual(['n1', 'day', 'a', 'n2', 'b', 'n3']);
  expect(order(false)).toEqual(['day', 'a', 'n2', 'b', 'n3']);
  expect(timeline([], 'now', [note('n', 1)]).length).toBe(1);
});
