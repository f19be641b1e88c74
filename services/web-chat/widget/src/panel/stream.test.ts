import { afterEach, expect, test, vi } from 'vitest';
import { StreamWire } from './stream';

afterEach(() => vi.unstubAllGlobals());

function serve() {
  const posts: { address: string; body: string }[] = [];
  let lines!: ReadableStreamDefaultController<Uint8Array>;
  const status = { post: 202, get: 200 };
  vi.stubGlobal('CloseEvent', class { constructor(public type: string, public init: { code: number }) {} get code() { return this.init.code; } });
  vi.stubGlobal('fetch', async (address: string, options: RequestInit) => {
    if (options.method === 'POST') {
      posts.push({ address, body: String(options.body) });
      return new Response(null, { status: status.post });
    }
    options.signal?.addEventListener('abort', () => lines.error(new Error('aborted')));
    return new Response(new ReadableStream({ start: (controller) => void (lines = controller) }), { status: status.get });
  });
  return { posts, status, say: (text: string) => lines.enqueue(new TextEncoder().encode(text)), end: () => lines.close() };
}

function open() {
  const heard: string[] = [];
  const wire = new StreamWire('main');
  wire.onopen = () => heard.push('open');
  wire.onmessage = (event) => heard.push(event.data as string);
  wire.onclose = (event) => heard.push(`closed ${event.code}`);
  return { heard, wire };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test('lines come as frames however they are cut, posts go to the stream that was named, in order', async () => {
  const server = serve();
  const { heard, wire } = open();
  await settled();
  server.say('{"type":"stream","stream":"s-1"}\n{"type":"po');
  await settled();
  server.say('ng"}\n\n{"type":"message","text":"ä"}\n');
  await settled();
  expect(heard).toEqual(['open', '{"type":"pong"}', '{"type":"message","text":"ä"}']);
  wire.send('one');
  wire.send('two');
  wire.send('three');
  await settled();
  expect(server.posts.map((post) => post.body)).toEqual(['one', 'two\nthree']);
  expect(server.posts[0]?.address).toBe('/chat/main/frames?stream=s-1');
});

test('the close code of the server, an end without one, and a post that fails all end the line', async () => {
  for (const [ending, expected] of [
    ['closed', 'closed 4001'],
    ['cut', 'closed 1006'],
    ['post', 'closed 1006'],
  ]) {
    const server = serve();
    const { heard, wire } = open();
    await settled();
    server.say('{"type":"stream","stream":"s-1"}\n');
    await settled();
    if (ending === 'closed') server.say('{"type":"closed","code":4001,"reason":"restarting"}\n');
    if (ending === 'cut') server.end();
    if (ending === 'post') {
      server.status.post = 503;
      wire.send('x');
    }
    await settled();
    expect(heard[1], ending).toBe(expected);
  }
});

test('a page that may not use the chat is told so for good', async () => {
  const server = serve();
  server.status.get = 403;
  const { heard } = open();
  await settled();
  expect(heard).toEqual(['closed 4503']);
});
