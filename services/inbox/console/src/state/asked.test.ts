import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Asked } from './asked.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Answers when told to, and says what it was asked. */
function slow() {
  const asked: string[] = [];
  const answers: ((text: string) => void)[] = [];
  const ask = (text: string) => {
    asked.push(text);
    return new Promise<string>((resolve) => answers.push(resolve));
  };
  return { asked, answers, preview: new Asked(ask) };
}

it('asks once typing rests, about the last words', async () => {
  const { asked, preview } = slow();
  for (const text of ['h', 'he', 'hel']) preview.about(text);
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked).toEqual(['hel']);
});

it('shows the last answer until the next one, and never an overtaken one', async () => {
  const { answers, preview } = slow();
  preview.about('one');
  await vi.advanceTimersByTimeAsync(1000);
  answers[0]?.('first');
  await vi.advanceTimersByTimeAsync(0);
  preview.about('two');
  await vi.advanceTimersByTimeAsync(1000);
  preview.about('three');
  await vi.advanceTimersByTimeAsync(1000);
  answers[1]?.('second, too late');
  await vi.advanceTimersByTimeAsync(0);
  expect(preview.answer).toBe('first');
  answers[2]?.('third');
  await vi.advanceTimersByTimeAsync(0);
  expect(preview.answer).toBe('third');
});

it('an emptied field has no answer, whatever is still under way', async () => {
  const { answers, preview } = slow();
  preview.about('one');
  await vi.advanceTimersByTimeAsync(1000);
  preview.forget();
  answers[0]?.('late');
  await vi.advanceTimersByTimeAsync(0);
  expect(preview.answer).toBeNull();
});

it('what could not be asked is asked again with the same words', async () => {
  let times = 0;
  const preview = new Asked(() => (++times === 1 ? Promise.reject(new Error('down')) : Promise.resolve('up')));
  preview.about('same');
  await vi.advanceTimersByTimeAsync(1000);
  preview.about('same');
  await vi.advanceTimersByTimeAsync(1000);
  expect(preview.answer).toBe('up');
});
