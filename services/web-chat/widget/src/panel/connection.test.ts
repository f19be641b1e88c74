import { beforeEach, expect, test } from 'vitest';
import { Connection, type Listener } from './connection';
import { FakeWorld, ready } from './fakes';

let world: FakeWorld;
let line: Connection;
let forgotten: number;

beforeEach(() => {
  world = new FakeWorld();
  forgotten = 0;
  const listener: Listener = {
    hello: () => ({ type: 'hello' }),
    forget: () => (forgotten += 1),
    heard: () => {},
    changed: () => {},
  };
  line = new Connection(world, listener);
  line.start();
});

function connect(): void {
  world.wire.open();
  world.wire.says(ready());
}

test('hello is the first frame of every socket, and nothing is sent before ready', () => {
  expect(line.send({ type: 'ping' })).toBe(false);
  world.wire.open();
  expect(world.wire.sent).toEqual([{ type: 'hello' }]);
  expect(line.send({ type: 'ping' })).toBe(false);
  world.wire.says(ready());
  expect(line.phase).toBe('open');
  expect(line.send({ type: 'end' })).toBe(true);
});

test('after a loss it comes back by itself, each time later, with dice against stampedes', () => {
  const waits: number[] = [];
  for (let turn = 0; turn < 8; turn += 1) {
    const before = world.wires.length;
    const from = world.time;
    world.wire.ends();
    expect(line.phase).toBe('waiting');
    while (world.wires.length === before) world.pass(50);
    waits.push(world.time - from);
  }
  expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
});

test('a planned stop says when to come back', () => {
  connect();
  world.wire.says({ type: 'bye', code: 4001, retry_after_ms: 3210 });
  world.wire.ends(4001);
  world.pass(3209);
  expect(world.wires).toHaveLength(1);
  world.pass(1);
  expect(world.wires).toHaveLength(2);
});

test('a token that is not known is forgotten, and the next hello goes without', () => {
  world.wire.open();
  world.wire.ends(4501);
  expect(forgotten).toBe(1);
  expect(line.phase).toBe('waiting');
});

test('a page that may not use the chat is not tried again', () => {
  world.wire.ends(4503);
  world.pass(600_000);
  expect(line.phase).toBe('refused');
  expect(world.wires).toHaveLength(1);
});

test('a line that went dead without a word is noticed and replaced', () => {
  connect();
  world.pass(25_000);
  expect(world.wire.of('ping')).toHaveLength(1);
  world.wire.says({ type: 'pong' });
  world.pass(25_000);
  expect(world.wire.of('ping')).toHaveLength(2);
  const dead = world.wire;
  world.pass(10_000);
  expect(dead.closed).toBe(true);
  expect(line.phase).toBe('waiting');
});

test('a server that never says ready is not waited for', () => {
  world.wire.open();
  world.pass(10_000);
  expect(line.phase).toBe('waiting');
});

test('trying now does not wait, and what an old socket says later counts no more', () => {
  const old = world.wire;
  connect();
  old.ends();
  line.retry();
  expect(world.wires).toHaveLength(2);
  old.says(ready());
  old.ends();
  expect(line.phase).toBe('connecting');
  connect();
  expect(line.phase).toBe('open');
});

test('where sockets never get through it goes on over HTTP, and tries a socket again after a loss', () => {
  for (let turn = 0; turn < 2; turn += 1) {
    world.wire.ends();
    world.pass(2_000);
  }
  expect(world.ways).toEqual(['socket', 'socket', 'stream']);
  connect();
  world.wire.ends();
  world.pass(2_000);
  expect(world.ways.at(-1)).toBe('socket');
});

test('when the network is back, a line that died meanwhile is noticed at once', () => {
  connect();
  line.retry();
  expect(world.wire.of('ping')).toHaveLength(1);
  world.wire.says({ type: 'pong' });
  world.pass(4_000);
  expect(line.phase).toBe('open');
  line.retry();
  world.pass(4_000);
  expect(line.phase).toBe('waiting');
});
