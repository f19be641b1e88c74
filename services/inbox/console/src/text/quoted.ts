/** Folds, never cuts: the quoted rest of a mail, so that the thread shows what is new. */

const LEAD_IN = /^(?:on\b.{4,200}\bwrote|am\b.{4,200}\bschrieb\b.{0,80}|le\b.{4,200}\ba écrit|el\b.{4,200}\bescribió)\s*:\s*$/i;
const DIVIDER = /^-{2,}\s*(?:original message|forwarded message|ursprüngliche nachricht|message d'origine)\s*-{2,}$/i;

export interface Folded {
  /** What the writer wrote. */
  own: string;
  /** What they quoted at the end; empty if nothing. */
  quoted: string;
}

export function foldQuoted(text: string): Folded {
  const lines = text.split('\n');
  const start = firstQuoted(lines);
  const own = start === -1 ? text : lines.slice(0, start).join('\n').trimEnd();
  if (start === -1 || own.trim() === '') return { own: text, quoted: '' };
  return { own, quoted: lines.slice(start).join('\n').trim() };
}

/** Where the trailing quote begins: a divider, a lead-in before `>` lines, or `>` lines that run to the end. */
function firstQuoted(lines: string[]): number {
  const divider = lines.findIndex((line) => DIVIDER.test(line.trim()));
  if (divider !== -1) return divider;
  let at = lines.length;
  while (at > 0 && /^\s*(>.*)?$/.test(lines[at - 1] ?? '')) at -= 1;
  if (!lines.slice(at).some((line) => line.trimStart().startsWith('>'))) return -1;
  return leadIn(lines, at) ?? at;
}

/** A lead-in may be wrapped over two lines. */
function leadIn(lines: string[], at: number): number | null {
  const one = (lines[at - 1] ?? '').trim();
  if (LEAD_IN.test(one)) return at - 1;
  const two = `${(lines[at - 2] ?? '').trim()} ${one}`;
  return LEAD_IN.test(two) ? at - 2 : null;
}
