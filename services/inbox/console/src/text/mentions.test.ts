import { expect, it } from 'vitest';
import { named } from './mentions';

it.each([
  ['@Maya Lee, and @maya?', ['Maya', 'Maya Lee'], ['@Maya Lee', '@maya']],
  ['@Mayas', ['Maya'], []],
  ['ask @J. (x)', ['J. (x)'], ['@J. (x)']],
  ['nobody', ['Maya'], []],
  ['@Maya', [], []],
])('the names in %j stand out', (text, names, shown) => {
  const parts = named(text, names);
  expect(parts.filter((part) => part.name).map((part) => part.text)).toEqual(shown);
  expect(parts.map((part) => part.text).join('')).toBe(text);
});
