import type { ConsentKind } from '../api/shapes';
import { listed, t, worded } from './language.svelte';

export const kindWords: Record<ConsentKind, string> = worded({ marketing: 'marketing', transactional: 'transactional' });

/** `marketing and transactional`. */
export const kindList = (kinds: ConsentKind[]): string => listed(kinds.map((kind) => kindWords[kind]));

/** Where a word on consent came from, as people say it. The source is what the server keeps: `keyword:STOP`, `inferred:stop texting me`, `console`. */
export function sourceWords(source: string): string {
  const [kind = '', ...rest] = source.split(':');
  const detail = rest.join(':').trim();
  switch (kind) {
    case 'keyword':
      return detail ? t('Keyword {word}', { word: detail.toUpperCase() }) : t('Keyword');
    case 'inferred':
      return detail ? t('Understood from “{detail}”', { detail }) : t('Understood from their words');
    case 'carrier':
      return detail ? t('Told by the carrier ({detail})', { detail }) : t('Told by the carrier');
    case 'import':
      return t('Import');
    case 'api':
      return t('Another system (API)');
    case 'merge':
      return t('Two profiles became one: the stricter word holds');
    case 'console':
      return t('Recorded by an agent');
    default:
      return source;
  }
}
