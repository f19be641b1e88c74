/** How well letters that were typed name something: all of them in order, best at the beginnings of words. */

/** Higher is better; `null` where a letter is missing. */
export function score(typed: string, name: string): number | null {
  const letters = [...plain(typed)].filter((letter) => letter !== ' ');
  const text = plain(name);
  const whole = text.indexOf(plain(typed).trim());
  let points = whole === -1 ? 0 : 40 - Math.min(whole, 20) + (whole === 0 || text[whole - 1] === ' ' ? 20 : 0);
  let at = -1;
  for (const letter of letters) {
    const next = beginning(text, letter, at + 1) ?? text.indexOf(letter, at + 1);
    if (next === -1) return whole === -1 ? null : points;
    const begins = next === 0 || text[next - 1] === ' ';
    points += begins ? 6 : next === at + 1 ? 4 : 0;
    points -= Math.min(next - at - 1, 8) / 4;
    at = next;
  }
  return points - text.length / 100;
}

/** The next word that begins with a letter, unless the letter comes next anyway. */
function beginning(text: string, letter: string, from: number): number | null {
  if (text[from] === letter) return from;
  const at = text.indexOf(` ${letter}`, Math.max(0, from - 1));
  return at === -1 ? null : at + 1;
}

const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Those that are named, best first; all of them in their order where nothing is typed. */
export function ranked<T>(typed: string, all: T[], nameOf: (one: T) => string): T[] {
  if (typed.trim() === '') return all;
  const scored = all.map((one, index) => ({ one, index, points: score(typed, nameOf(one)) }));
  const found = scored.filter((entry): entry is typeof entry & { points: number } => entry.points !== null);
  return found.sort((a, b) => b.points - a.points || a.index - b.index).map(({ one }) => one);
}
