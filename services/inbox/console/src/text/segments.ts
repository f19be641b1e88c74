/** How many SMS segments a text costs: GSM-7 160/153 (3GPP TS 23.038), UCS-2 70/67. Twin of `domain::segments`. */

const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const EXTENDED = new Set('\f^{}\\[~]|€');

export interface Segments {
  /** At least 1. */
  count: number;
  /** Septets in GSM-7, 16-bit units in UCS-2. */
  units: number;
  /** Units that still fit without another segment. */
  left: number;
  /** The first character that is not in GSM-7: it makes the whole text UCS-2. */
  ucs2Because: string | null;
}

export function countSegments(text: string): Segments {
  const characters = [...text];
  const odd = characters.find((c) => !BASIC.has(c) && !EXTENDED.has(c)) ?? null;
  const [single, room] = odd === null ? [160, 153] : [70, 67];
  const costs = characters.map((c) => (odd === null ? (EXTENDED.has(c) ? 2 : 1) : c.length));
  const units = costs.reduce((sum, cost) => sum + cost, 0);
  if (units <= single) return { count: 1, units, left: single - units, ucs2Because: odd };
  const { full, used } = pack(costs, room);
  return { count: full + 1, units, left: room - used, ucs2Because: odd };
}

/** A character that takes two units never straddles two segments. */
function pack(costs: number[], room: number): { full: number; used: number } {
  let full = 0;
  let used = 0;
  for (const cost of costs) {
    if (used + cost > room) {
      full += 1;
      used = 0;
    }
    used += cost;
  }
  return { full, used };
}
