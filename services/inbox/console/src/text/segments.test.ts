import { describe, expect, it } from 'vitest';
import { countSegments } from './segments';

describe('segments of a text', () => {
  it.each([
    ['', 1, null],
    ['a'.repeat(160), 1, null],
    ['a'.repeat(161), 2, null],
    ['a'.repeat(306), 2, null],
    ['a'.repeat(307), 3, null],
    ['€'.repeat(80), 1, null],
    ['€'.repeat(81), 2, null],
    ['ж'.repeat(70), 1, 'ж'],
    ['ж'.repeat(71), 2, 'ж'],
    ['🙂'.repeat(35), 1, '🙂'],
    ['🙂'.repeat(36), 2, '🙂'],
    ['€ costs two in GSM-7 and one beside a “quote”', 1, '“'],
  ])('%j takes %i', (text, count, because) => {
    const found = countSegments(text);
    expect([found.count, found.ucs2Because]).toEqual([count, because]);
  });

  it('never cuts a character of two units in two', () => {
    const text = 'a'.repeat(152) + '€'.repeat(77);
    expect(countSegments(text).count).toBe(3);
  });

  it('says how much room is left', () => {
    expect(countSegments('hello').left).toBe(155);
    expect(countSegments('a'.repeat(161)).left).toBe(153 - 8);
  });
});
