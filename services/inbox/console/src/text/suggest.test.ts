import { describe, expect, it } from 'vitest';
import { askedAt, matches } from './suggest';

describe('what is being looked for', () => {
  it.each([
    ['/', { sign: '/', from: 0, query: '' }],
    ['Hi\n/ret', { sign: '/', from: 3, query: 'ret' }],
    ['Hello /return pol', { sign: '/', from: 6, query: 'return pol' }],
    ['(@may', { sign: '@', from: 1, query: 'may' }],
    ['and/or', null],
    ['anna@customer.example', null],
    ['https://a.example/b', null],
    ['a / b', null],
    ['/first line\nnext', null],
    [`/${'x'.repeat(60)}`, null],
    ['', null],
  ])('%j', (text, asked) => {
    expect(askedAt(text, text.length)).toEqual(asked);
  });

  it('is what stands before the caret', () => {
    expect(askedAt('/ret and more', 4)).toEqual({ sign: '/', from: 0, query: 'ret' });
  });
});

it('finds by every word', () => {
  expect(matches('RET days', 'Returns', 'within 30 days')).toBe(true);
  expect(matches('ret weeks', 'Returns', 'within 30 days')).toBe(false);
  expect(matches('', 'x')).toBe(true);
});
