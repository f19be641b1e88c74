// Finds web addresses in a text. The text itself is never read as HTML.

export interface Part {
  text: string;
  href?: string;
}

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`]+/gi;

export function parts(text: string): Part[] {
  const found: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = withoutTail(match[0]);
    const href = safe(address);
    if (!href) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push({ text: address, href });
    from = match.index + address.length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}

/** A full stop or a closing bracket after an address belongs to the sentence. */
function withoutTail(address: string): string {
  let kept = address.replace(/[.,;:!?]+$/, '');
  while (kept.endsWith(')') && count(kept, ')') > count(kept, '(')) kept = kept.slice(0, -1).replace(/[.,;:!?]+$/, '');
  return kept;
}

const count = (text: string, letter: string): number => text.split(letter).length - 1;

function safe(address: string): string | null {
  try {
    const url = new URL(address);
    const web = url.protocol === 'https:' || url.protocol === 'http:';
    return web && url.hostname !== '' ? url.href : null;
  } catch {
    return null;
  }
}
