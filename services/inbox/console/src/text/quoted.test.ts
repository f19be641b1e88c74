import { expect, it } from 'vitest';
import { foldQuoted } from './quoted';

it('folds the quoted mail below an answer', () => {
  const text = 'Thanks, that fits.\n\nOn Tue, 4 Nov 2025 at 10:02, Acme <support@acme.example> wrote:\n> Does Friday suit you?\n>\n> Mia';
  expect(foldQuoted(text)).toEqual({
    own: 'Thanks, that fits.',
    quoted: 'On Tue, 4 Nov 2025 at 10:02, Acme <support@acme.example> wrote:\n> Does Friday suit you?\n>\n> Mia',
  });
});

it('finds a lead-in that was wrapped', () => {
  const text = 'Yes.\n\nOn Tue, 4 Nov 2025 at 10:02, Acme Support\n<support@acme.example> wrote:\n> Sure?';
  expect(foldQuoted(text).own).toBe('Yes.');
});

it('leaves answers between the lines alone', () => {
  const text = '> Does Friday suit you?\nIt does.\n> And Monday?\nNo.';
  expect(foldQuoted(text)).toEqual({ own: text, quoted: '' });
});

it('shows a mail that is nothing but a quote', () => {
  const text = '> Does Friday suit you?\n> Mia';
  expect(foldQuoted(text)).toEqual({ own: text, quoted: '' });
});

it('knows the divider of other mail programs', () => {
  expect(foldQuoted('See below.\n\n-----Original Message-----\nFrom: Mia\nHello').own).toBe('See below.');
});
