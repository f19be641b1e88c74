/** What is being looked for while somebody writes: a quick response behind `/`, a colleague behind `@`. */

export interface Asked {
  sign: '/' | '@';
  /** Where the sign stands. */
  from: number;
  query: string;
}

const LONGEST = 40;

/** The sign begins a word, and what follows it up to the caret is the query. */
export function askedAt(text: string, caret: number): Asked | null {
  const line = text.slice(text.lastIndexOf('\n', caret - 1) + 1, caret);
  for (let at = line.length - 1; at >= 0 && line.length - at <= LONGEST; at -= 1) {
    const sign = line[at];
    if (sign !== '/' && sign !== '@') continue;
    const before = line[at - 1];
    if (before !== undefined && !/[\s(]/.test(before)) return null;
    const query = line.slice(at + 1);
    return query.startsWith(' ') ? null : { sign, from: caret - query.length - 1, query };
  }
  return null;
}

/** Every word of the query stands in the text, without regard to case. */
export function matches(query: string, ...texts: string[]): boolean {
  const all = texts.join('\n').toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
