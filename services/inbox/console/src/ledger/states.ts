import type { LedgerState } from '../api/shapes';
import { t } from '../text/language.svelte';

/** What became of something taken in, and how good that is. */
export const stateWords: Record<LedgerState, { name: string; tone: '' | 'good' | 'warn' | 'bad' }> = {
  ticket: { get name() { return t('Ticket'); }, tone: 'good' },
  keyword: { get name() { return t('Keyword'); }, tone: '' },
  receipt: { get name() { return t('Receipt'); }, tone: '' },
  duplicate: { get name() { return t('Duplicate'); }, tone: '' },
  blocked: { get name() { return t('Blocked'); }, tone: 'warn' },
  robot: { get name() { return t('Robot'); }, tone: '' },
  held: { get name() { return t('Held'); }, tone: 'warn' },
  dead: { get name() { return t('Failed'); }, tone: 'bad' },
};

export const states = Object.keys(stateWords) as LedgerState[];
