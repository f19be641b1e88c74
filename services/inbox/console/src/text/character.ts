import { worded } from './language.svelte';

/** Characters nobody sees, or takes for another. */
const hidden: Record<string, string> = worded({
  '\u00a0': 'no-break space',
  '\u00ad': 'soft hyphen',
  '\u200b': 'zero-width space',
  '\u200c': 'zero-width non-joiner',
  '\u200d': 'zero-width joiner',
  '\u200e': 'left-to-right mark',
  '\u200f': 'right-to-left mark',
  '\u202f': 'narrow no-break space',
  '\u2060': 'word joiner',
  '\ufe0f': 'emoji mark',
  '\ufeff': 'byte order mark',
  '\t': 'tab',
});

const lookalikes: Record<string, string> = worded({
  '‘': 'curly quote',
  '’': 'curly apostrophe',
  '“': 'curly quote',
  '”': 'curly quote',
  '–': 'en dash',
  '—': 'em dash',
  '…': 'ellipsis',
});

/** A character as it can be shown in a sentence, and its name where the sight of it does not tell. */
export function named(character: string): { shown: string; name: string | null } {
  const name = hidden[character];
  if (name) return { shown: '', name };
  if (/^[\p{C}\p{Z}]+$/u.test(character)) return { shown: '', name: `U+${codePoint(character)}` };
  return { shown: character, name: lookalikes[character] ?? null };
}

function codePoint(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}

/** A text with the substitutes there are; characters without one stay. */
export function plainer(text: string, odd: { character: string; substitute: string | null }[]): string {
  return odd.reduce((kept, { character, substitute }) => (substitute === null ? kept : kept.replaceAll(character, substitute)), text);
}
