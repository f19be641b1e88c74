import { t } from '../text/language.svelte';

/** A key as people read it. */

const words: Record<string, string> = { ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→' };

/** `X` is Shift and x; `g i` is g and then i. */
export function keysOf(key: string): string[] {
  if (key === '') return [];
  return key.split(' ').flatMap((one) => (/^\p{Lu}$/u.test(one) ? ['Shift', one.toLowerCase()] : [one === ' ' ? t('Space') : (words[one] ?? one)]));
}
