import { expect, test } from 'vitest';
import { LARGEST, MOST_FILES, Uploads, type Put, type Refusal } from './uploads';

type Going = { name: string; on: Parameters<Put>[1]; stopped: boolean };

function world(kept: ConstructorParameters<typeof Uploads>[3] = []) {
  const going: Going[] = [];
  const refusals: Refusal[] = [];
  const put: Put = (file, on) => {
    const one: Going = { name: file.name, on, stopped: false };
    going.push(one);
    return () => (one.stopped = true);
  };
  return { going, refusals, uploads: new Uploads(put, () => {}, (refusal) => refusals.push(refusal), kept) };
}

const file = (name: string, size = 3): File => ({ name, size, type: 'image/png' }) as File;
const up = (name: string) => ({ id: `id of ${name}`, name, content_type: 'image/png', size: 3 });

test('a message waits for its files, and takes them when they are up', () => {
  const { going, uploads } = world();
  uploads.add([file('a'), file('b')]);
  going[0]?.on.progress(0.5);
  expect(uploads.list.map((one) => one.progress)).toEqual([0.5, 0]);
  going[0]?.on.done(up('a'));
  expect(uploads.busy).toBe(true);
  going[1]?.on.done(up('b'));
  expect(uploads.busy).toBe(false);
  expect(uploads.take().map((one) => one.id)).toEqual(['id of a', 'id of b']);
  expect(uploads.list).toEqual([]);
});

test('one that is taken off is stopped', () => {
  const { going, uploads } = world();
  uploads.add([file('a'), file('b')]);
  uploads.remove(uploads.list[0]?.key ?? '');
  expect(going.map((one) => one.stopped)).toEqual([true, false]);
  expect(uploads.list.map((one) => one.file.name)).toEqual(['b']);
});

test('what cannot go is said by its name', () => {
  const { going, refusals, uploads } = world();
  uploads.add([file('huge', LARGEST + 1), file('empty', 0), ...Array.from({ length: 6 }, (_, at) => file(`f${at}`))]);
  expect(uploads.list).toHaveLength(MOST_FILES);
  for (const [at, status] of [413, 415, 422, 500].entries()) going[at]?.on.failed(status);
  expect(refusals.map((one) => one.why)).toEqual(['tooLarge', 'refused', 'tooMany', 'tooLarge', 'refused', 'refused', 'failed']);
  expect(uploads.list.map((one) => one.file.name)).toEqual(['f4']);
});

test('files that were up before a reload are there again', () => {
  expect(world([up('a')]).uploads.take()).toEqual([up('a')]);
});
