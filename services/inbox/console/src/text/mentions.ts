/** A note's text in parts, so that the names behind `@` stand out. */
export interface Part {
  text: string;
  name: boolean;
}

export function named(text: string, names: string[]): Part[] {
  const known = [...names].filter(Boolean).sort((one, other) => other.length - one.length);
  if (known.length === 0) return [{ text, name: false }];
  const pattern = new RegExp(`(@(?:${known.map(escaped).join('|')}))(?![\\p{L}\\p{N}])`, 'giu');
  return text
    .split(pattern)
    .map((part, at) => ({ text: part, name: at % 2 === 1 }))
    .filter((part) => part.text !== '');
}

const escaped = (name: string) => name.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
