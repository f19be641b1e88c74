import { expect, it } from 'vitest';
import type { Message } from '../api/shapes';
import { merged, moved } from './messages';

const message = (id: string, over: Partial<Message> = {}) =>
  ({ id, seq: 1, sent_at: '2026-01-01T10:00:00.000Z', status: 'queued', error: null, ...over }) as Message;

it('shows a message once, however often it arrives', () => {
  const one = message('a');
  expect(merged([one], [message('a', { status: 'sent' }), message('b', { seq: 2 })]).map((m) => [m.id, m.status])).toEqual([
    ['a', 'sent'],
    ['b', 'queued'],
  ]);
});

it('does not let an old answer undo a newer receipt', () => {
  expect(merged([message('a', { status: 'delivered' })], [message('a')])[0]?.status).toBe('delivered');
  expect(moved([message('a', { status: 'delivered' })], { messageId: 'a', status: 'sent', error: null })[0]?.status).toBe('delivered');
});

it('keeps the order of writing', () => {
  const late = message('late', { sent_at: '2026-01-01T11:00:00.000Z' });
  const second = message('second', { seq: 2 });
  expect(merged([late], [second, message('first')]).map((m) => m.id)).toEqual(['first', 'second', 'late']);
});

it('says why a message failed', () => {
  const error = { code: '30007', reason: 'the carrier filtered it' };
  expect(moved([message('a', { status: 'sent' })], { messageId: 'a', status: 'failed', error })[0]?.error).toEqual(error);
});
