import { afterEach, expect, test, vi } from 'vitest';
import { exported } from './exported';

afterEach(() => vi.unstubAllGlobals());

const answering = (answer: () => Response) => vi.stubGlobal('fetch', vi.fn(async () => answer()));
const { signal } = new AbortController();

test('the file has the name that the server gives it', async () => {
  const headers = { 'content-disposition': 'attachment; filename="person-1.zip"' };
  answering(() => new Response('PK', { headers }));
  const file = await exported('1', signal);
  expect([file.name, await file.text()]).toEqual(['person-1.zip', 'PK']);
});

test('a refusal is told', async () => {
  answering(() => Response.json({ code: 'too_many_requests', detail: 'several exports are being made' }, { status: 429 }));
  await expect(exported('1', signal)).rejects.toMatchObject({ status: 429, code: 'too_many_requests' });
});

test('half of it is none', async () => {
  const half = () => new ReadableStream({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode('PK'));
      controller.error(new TypeError('terminated'));
    },
  });
  answering(() => new Response(half()));
  await expect(exported('1', signal)).rejects.toMatchObject({ code: 'broken_off' });
});
