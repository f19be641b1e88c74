import { expect, it } from 'vitest';
import { linked } from './links';

it.each([
  ['see https://acme.example/a?b=1.', ['see ', 'https://acme.example/a?b=1', '.']],
  ['(https://acme.example/x)', ['(', 'https://acme.example/x', ')']],
  ['https://acme.example/wiki/A_(b)', ['https://acme.example/wiki/A_(b)']],
  ['no address', ['no address']],
  ['javascript:alert(1)', ['javascript:alert(1)']],
])('%s', (text, parts) => {
  expect(linked(text).map((part) => part.text)).toEqual(parts);
});

it('links nothing but the web', () => {
  expect(linked('javascript:alert(1) ftp://x').every((part) => !part.href)).toBe(true);
});
