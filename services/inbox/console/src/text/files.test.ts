import { expect, it } from 'vitest';
import { refusalOf } from './files';

const MB = 1024 * 1024;
const file = (over: Partial<{ name: string; type: string; size: number }> = {}) => ({ name: 'a.png', type: 'image/png', size: MB, ...over });

it('D5: a text takes pictures that phones show, up to what carriers carry', () => {
  expect(refusalOf(file(), 'sms', [])).toBeNull();
  expect(refusalOf(file({ name: 'a.pdf', type: 'application/pdf' }), 'sms', [])).toContain('only JPEG, PNG and GIF');
  expect(refusalOf(file({ size: 6 * MB }), 'sms', [])).toContain('6.0 MB');
  expect(refusalOf(file({ size: 2 * MB }), 'sms', [{ size: 4 * MB }])).toContain('together');
  expect(refusalOf(file({ size: 1 }), 'sms', Array(10).fill({ size: 1 }))).toContain('At most 10');
});

it('a mail takes anything but nothing', () => {
  expect(refusalOf(file({ name: 'a.pdf', type: 'application/pdf' }), 'email', [])).toBeNull();
  expect(refusalOf(file({ size: 0 }), 'email', [])).toBe('a.png is empty.');
});
