import { expect, test } from 'vitest';
import { addressesIn, shownList } from './addresses';

test('addresses are read as people write them', () => {
  expect(addressesIn('Anna Lee <Anna@Example.com>; ben@example.com,')).toEqual({
    addresses: [
      { address: 'anna@example.com', name: 'Anna Lee' },
      { address: 'ben@example.com', name: null },
    ],
    rest: '',
  });
  expect(addressesIn('mailto:kim@x.example, nobody, @x').addresses).toEqual([{ address: 'kim@x.example', name: null }]);
  expect(addressesIn('nobody, @x').rest).toBe('nobody, @x');
  expect(addressesIn('  ')).toEqual({ addresses: [], rest: '' });
});

test('a list is as short as it can be', () => {
  const one = (name: string) => ({ address: `${name}@x`, name });
  expect(shownList([one('Anna')])).toBe('Anna');
  expect(shownList([one('Anna'), { address: 'b@x', name: null }, one('C'), one('D')])).toBe('Anna, b@x and 2 others');
});
