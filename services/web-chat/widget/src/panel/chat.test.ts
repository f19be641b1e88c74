import { beforeEach, expect, test } from 'vitest';
import { Chat } from './chat';
import { FakeWorld, message, ready } from './fakes';
import { memoryShelf, Store, type Shelf } from './store';
import type { Session } from './tabs';

let world: FakeWorld;
let shelf: Shelf;
let chat: Chat;
let ids: number;
let told: Session[];

function load(): Chat {
  const made = new Chat({ world, store: new Store(shelf, 'main'), newId: () => `id-${(ids += 1)}`, tabs: { tell: (session) => told.push(session) } });
  made.start();
  return made;
}

function connect(by: Parameters<typeof ready>[0] = {}): void {
  world.wire.open();
  world.wire.says(ready(by));
  world.pass(0);
}

const texts = (): string[] => chat.view.items.map((item) => item.text);

beforeEach(() => {
  world = new FakeWorld();
  shelf = memoryShelf();
  ids = 0;
  told = [];
  chat = load();
});

test('a message is on its way until the server has it', () => {
  connect();
  chat.write('hello');
  expect(chat.view.items).toMatchObject([{ text: 'hello', fate: 'sending', seq: null }]);
  const [sent] = world.wire.of('message');
  world.wire.says({ type: 'ack', client_id: sent?.client_id ?? '', id: 'm', seq: 1 });
  expect(chat.view.items).toMatchObject([{ text: 'hello', fate: 'sent', seq: 1 }]);
});

test('what was written without a line is sent when there is one, in order', () => {
  chat.write('one');
  world.pass(5);
  chat.write('two');
  connect();
  expect(world.wire.of('message').map((frame) => frame.text)).toEqual(['one', 'two']);
});

test('what the server does not have survives a reload and keeps its id', () => {
  connect();
  chat.write('hello');
  const [sent] = world.wire.of('message');
  chat = load();
  expect(texts()).toEqual(['hello']);
  connect();
  expect(world.wire.of('message')).toEqual([sent]);
  world.wire.says({ type: 'ack', client_id: sent?.client_id ?? '', id: 'm', seq: 1 });
  chat = load();
  expect(chat.view.items).toEqual([]);
});

test('what the server has after all is not sent again and stands there once', () => {
  connect();
  chat.write('hello');
  const [sent] = world.wire.of('message');
  world.wire.ends();
  world.pass(30_000);
  const mine = message(1, 'hello', { author: { kind: 'customer', name: null }, client_id: sent?.client_id ?? '' });
  connect({ seq: 1, messages: [mine] });
  expect(world.wire.of('message')).toEqual([]);
  expect(chat.view.items).toMatchObject([{ text: 'hello', fate: 'sent', seq: 1 }]);
});

test('coming back says what is there, and what was missed is added once and in order', () => {
  connect({ seq: 2, messages: [message(1, 'one'), message(2, 'two')] });
  world.wire.ends();
  world.pass(30_000);
  world.wire.open();
  expect(world.wire.sent[0]).toMatchObject({ type: 'hello', resume: 'token-1', last_seq: 2 });
  world.wire.says(ready({ seq: 4, messages: [message(3, 'three'), message(4, 'four')] }));
  world.wire.says({ type: 'message', ...message(4, 'four') });
  expect(texts()).toEqual(['one', 'two', 'three', 'four']);
});

test('after a reload the whole conversation is asked for', () => {
  connect({ seq: 2, messages: [message(1, 'one'), message(2, 'two')] });
  chat = load();
  world.wire.open();
  expect(world.wire.sent[0]).toMatchObject({ resume: 'token-1', last_seq: 0 });
});

test('a token that is not known any more leads to a new chat, and nothing unsent is lost', () => {
  connect({ seq: 1, messages: [message(1, 'of the old chat')] });
  chat.write('still to be sent');
  world.wire.ends(4501);
  world.pass(30_000);
  world.wire.open();
  expect(world.wire.sent[0]).not.toHaveProperty('resume');
  world.wire.says(ready({ session: 'session-2', resume: 'token-2' }));
  world.pass(0);
  expect(texts()).toEqual(['still to be sent']);
  expect(world.wire.of('message')).toHaveLength(1);
});

test('who writes too fast waits for their turn', () => {
  connect();
  chat.write('hello');
  const [sent] = world.wire.of('message');
  const refusal = { type: 'error', code: 'rate_limited', message: '', client_id: sent?.client_id ?? '' } as const;
  world.wire.says({ ...refusal, retry_after_ms: 700 });
  world.pass(699);
  expect(world.wire.of('message')).toHaveLength(1);
  world.pass(1);
  expect(world.wire.of('message')).toEqual([sent, sent]);
});

test('a message that cannot be stored is tried a few times and then waits for the visitor', () => {
  connect();
  chat.write('hello');
  const refuse = (): void => {
    const last = world.wire.of('message').at(-1);
    world.wire.says({ type: 'error', code: 'not_stored', message: '', client_id: last?.client_id ?? '', retry_after_ms: 3000 });
    world.pass(3000);
  };
  for (let turn = 0; turn < 4; turn += 1) refuse();
  expect(chat.view.items).toMatchObject([{ fate: 'failed' }]);
  expect(new Set(world.wire.of('message').map((frame) => frame.client_id)).size).toBe(1);
  chat.again(chat.view.items[0]?.key ?? '');
  expect(world.wire.of('message')).toHaveLength(5);
  chat.discard(chat.view.items[0]?.key ?? '');
  chat = load();
  expect(chat.view.items).toEqual([]);
});

test('an ack without a number is completed by the message that follows', () => {
  connect();
  chat.write('hello');
  const key = world.wire.of('message')[0]?.client_id ?? '';
  world.wire.says({ type: 'ack', client_id: key, id: 'm', seq: null });
  expect(chat.view.items).toMatchObject([{ fate: 'sent', seq: null }]);
  world.wire.says({ type: 'message', ...message(1, 'hello', { author: { kind: 'customer', name: null }, client_id: key }) });
  expect(chat.view.items).toMatchObject([{ fate: 'sent', seq: 1 }]);
});

test('unread counts what the other side wrote while nobody looked, over a reload too', () => {
  connect();
  world.wire.says({ type: 'message', ...message(1, 'one') });
  world.wire.says({ type: 'message', ...message(2, 'two') });
  expect(chat.view.unread).toBe(2);
  expect(world.wire.of('seen')).toEqual([]);
  chat.show(true);
  expect(chat.view.unread).toBe(0);
  expect(world.wire.of('seen')).toEqual([{ type: 'seen', seq: 2 }]);
  chat = load();
  connect({ seq: 3, messages: [message(1, 'one'), message(2, 'two'), message(3, 'three')] });
  expect(chat.view.unread).toBe(1);
});

test('typing is told now and then, and ends by itself', () => {
  connect();
  for (let turn = 0; turn < 20; turn += 1) {
    chat.typed();
    world.pass(200);
  }
  world.pass(10_000);
  expect(world.wire.of('typing').map((frame) => frame.on)).toEqual([true, true, false]);
  world.wire.says({ type: 'typing', on: true, name: 'Maya' });
  expect(chat.view.typing).toBe('Maya');
  world.pass(8_000);
  expect(chat.view.typing).toBeNull();
});

test('after the first message an address is asked for, once', () => {
  connect();
  expect(chat.view.asking).toBe(false);
  chat.write('hello');
  world.wire.says({ type: 'ack', client_id: world.wire.of('message')[0]?.client_id ?? '', id: 'm', seq: 1 });
  expect(chat.view.asking).toBe(true);
  chat.identify('anna@', '');
  world.wire.says({ type: 'error', code: 'bad_email', message: '' });
  expect(chat.view).toMatchObject({ asking: true, badEmail: 'ask' });
  chat.identify('anna@example.com', 'Anna');
  expect(world.wire.of('identify').at(-1)).toEqual({ type: 'identify', email: 'anna@example.com', name: 'Anna' });
  chat = load();
  world.wire.open();
  expect(world.wire.sent[0]).toMatchObject({ visitor: { id: 'id-1', email: 'anna@example.com', name: 'Anna' } });
});

test('a signed visitor is never kept, and opens the line anew', () => {
  connect();
  chat.around('https://shop.example.com/', { id: 'customer-42', signature: 'f3' });
  world.wire.open();
  expect(world.wires).toHaveLength(2);
  expect(world.wire.sent[0]).toMatchObject({ visitor: { id: 'customer-42', signature: 'f3' } });
  expect(shelf.keys().map((key) => shelf.getItem(key)).join()).not.toContain('customer-42');
});

test('too long or empty a text is not taken', () => {
  connect();
  expect(chat.write('  \n')).toBe(false);
  expect(chat.write('x'.repeat(8001))).toBe(false);
  expect(chat.write('😀'.repeat(8000))).toBe(true);
});

test('files go with their message, over a reload too', () => {
  connect();
  const file = { id: 'signed', name: 'cup.jpg', content_type: 'image/jpeg', size: 5 };
  expect(chat.write('', [file])).toBe(true);
  const [sent] = world.wire.of('message');
  expect(sent).toMatchObject({ text: '', attachments: ['signed'] });
  chat = load();
  connect();
  expect(world.wire.of('message')).toEqual([sent]);
  expect(chat.view.items).toMatchObject([{ attachments: [file] }]);
});

test('what a tab left behind when it was closed is sent by another one', () => {
  connect();
  new Store(shelf, 'main').keepUnsent({ client_id: 'left', text: 'of another tab', at: world.now() });
  world.wire.ends();
  world.pass(30_000);
  connect();
  expect(world.wire.of('message')).toMatchObject([{ client_id: 'left', text: 'of another tab' }]);
});

test('two tabs that began at once end up in one chat: the one that has begun, else the older one', () => {
  connect({ session: 'b', resume: 'token-b' });
  expect(told).toEqual([{ session: 'b', resume: 'token-b', begun: false }]);
  chat.heardTab({ session: 'c', resume: 'token-c', begun: false });
  expect(world.wires).toHaveLength(1);
  chat.heardTab({ session: 'a', resume: 'token-a', begun: false });
  world.wire.open();
  expect(world.wire.sent[0]).toMatchObject({ resume: 'token-a', last_seq: 0 });
  world.wire.says(ready({ session: 'a', resume: 'token-a' }));
  world.wire.says({ type: 'status', ticket: 'open' });
  expect(told.at(-1)).toMatchObject({ session: 'a', begun: true });
  chat.heardTab({ session: '0', resume: 'token-0', begun: true });
  expect(world.wires).toHaveLength(2);
});

test('the form before a chat is shown once, and its answers reach the server whatever happens', () => {
  const fields = [{ name: 'email', label: 'Email', type: 'email', required: true } as const];
  connect({ form: { fields } });
  expect(chat.view.form).toEqual(fields);
  chat.fillIn({ email: 'anna@example.com', order: '1042' });
  expect(chat.view.form).toEqual([]);
  expect(world.wire.of('identify')).toEqual([{ type: 'identify', email: 'anna@example.com', form: { email: 'anna@example.com', order: '1042' } }]);
  chat = load();
  connect({ form: { fields } });
  expect(chat.view.form).toEqual([]);
  expect(world.wire.sent[0]).toMatchObject({ form: { order: '1042' } });
});

test('a chat that an agent answered may be rated once it is over, once', () => {
  connect({ seq: 1, messages: [message(1, 'hello')], ticket: 'open' });
  expect(chat.view.rating).toBeNull();
  world.wire.says({ type: 'status', ticket: 'closed' });
  expect(chat.view.rating).toBe('ask');
  chat.rate(4, '  ');
  expect(world.wire.of('rate')).toEqual([{ type: 'rate', score: 4 }]);
  expect(chat.view.rating).toBe('done');
  chat = load();
  connect({ seq: 1, messages: [message(1, 'hello')], ticket: 'closed' });
  expect(chat.view.rating).toBe('done');
});

test('an address for the transcript that is none is said where it was given', () => {
  connect();
  chat.mailTo('anna@');
  world.wire.says({ type: 'error', code: 'bad_email', message: '' });
  expect(chat.view).toMatchObject({ badEmail: 'transcript', asking: false });
  chat.mailTo('anna@example.com');
  world.wire.says({ type: 'transcript', email: 'anna@example.com' });
  expect(chat.view).toMatchObject({ badEmail: null, mailed: 'anna@example.com' });
});

test('logged out, nothing of the visitor stays in the browser', () => {
  connect({ seq: 1, messages: [message(1, 'hello')], ticket: 'open' });
  chat.write('my secret');
  chat.identify('anna@example.com', 'Anna');
  chat.logout();
  expect(shelf.keys().map((key) => shelf.getItem(key)).join()).not.toMatch(/secret|anna|token/);
  world.wire.open();
  expect(world.wire.sent[0]).not.toHaveProperty('resume');
  expect(chat.view).toMatchObject({ items: [], email: '', ticket: null });
});

test('the chat of a token from a mail is gone on with, before the first connection and after it', () => {
  chat.stop();
  chat = new Chat({ world, store: new Store(shelf, 'main'), newId: () => 'fresh' });
  chat.goOn('from-the-mail');
  chat.start();
  world.wire.open();
  expect(world.wire.sent[0]).toMatchObject({ resume: 'from-the-mail' });
  world.wire.says(ready({ seq: 1, messages: [message(1, 'old')] }));
  chat.goOn('another');
  world.wire.open();
  world.wire.says(ready({ session: 'session-2', seq: 1, messages: [message(1, 'new')] }));
  expect(texts()).toEqual(['new']);
});

test('earlier chats stay in sight over a lost line, and go with their visitor', () => {
  const past = { ticket: 't-1', status: 'closed' as const, messages: [message(1, 'last week')] };
  connect({ history: [past] });
  expect(chat.view.history).toEqual([past]);
  world.wire.ends();
  world.pass(1_000);
  connect();
  expect(chat.view.history).toEqual([past]);
  world.wire.ends();
  world.pass(1_000);
  connect({ session: 'of-somebody-else', resume: 'token-9' });
  expect(chat.view.history).toEqual([]);
});

test('what an agent has read is seen, and counts neither as read by the visitor nor backwards', () => {
  connect({ seq: 2, messages: [message(1, 'one'), message(2, 'two')] });
  world.wire.says({ type: 'seen', seq: 2, by: 'agent' });
  world.wire.says({ type: 'seen', seq: 1, by: 'agent' });
  expect(chat.view).toMatchObject({ readUpTo: 2, unread: 2 });
  world.wire.says({ type: 'seen', seq: 1 });
  expect(chat.view.unread).toBe(1);
});

test('what was read of one chat says nothing of the next', () => {
  connect({ seq: 2, messages: [message(1, 'one'), message(2, 'two')] });
  world.wire.says({ type: 'seen', seq: 2, by: 'agent' });
  world.wire.ends();
  world.pass(1_000);
  connect({ seq: 2, messages: [] });
  expect(chat.view.readUpTo).toBe(2);
  world.wire.ends();
  world.pass(1_000);
  connect({ session: 'of-somebody-else', resume: 'token-9' });
  expect(chat.view.readUpTo).toBe(0);
});
