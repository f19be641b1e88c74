import type { LedgerState } from '../api/shapes';

/** What became of something taken in, and how good that is. */
export const stateWords: Record<LedgerState, { name: string; tone: '' | 'good' | 'warn' | 'bad' }> = {
  ticket: { name: 'Ticket', tone: 'good' },
  keyword: { name: 'Keyword', tone: '' },
  receipt: { name: 'Receipt', tone: '' },
  duplicate: { name: 'Duplicate', tone: '' },
  blocked: { name: 'Blocked', tone: 'warn' },
  robot: { name: 'Robot', tone: '' },
  held: { name: 'Held', tone: 'warn' },
  dead: { name: 'Failed', tone: 'bad' },
};

export const states = Object.keys(stateWords) as LedgerState[];
