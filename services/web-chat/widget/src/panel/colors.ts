// Readable colours from whatever accent an organisation has chosen (WCAG 2.2, relative luminance and contrast).

import type { Branding } from './protocol';

export type Rgb = [number, number, number];

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];
const INK: Rgb = [17, 20, 26];

export function rgb(color: string): Rgb {
  const hex = /^#([0-9a-f]{6})$/i.exec(color)?.[1] ?? '2f5bd7';
  return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)) as Rgb;
}

const css = (color: Rgb): string => `rgb(${color.map(Math.round).join(' ')})`;

function luminance(color: Rgb): number {
  const [r, g, b] = color.map((part) => {
    const c = part / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(a: Rgb, b: Rgb): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const mix = (a: Rgb, b: Rgb, share: number): Rgb => a.map((part, at) => part + (b[at as 0] - part) * share) as Rgb;

/** White, unless it cannot be read well enough there and dark ink can be read better. */
const on = (color: Rgb): Rgb =>
  contrast(color, WHITE) >= 4.5 || contrast(color, WHITE) >= contrast(color, INK) ? WHITE : INK;

/** The colour, moved until it stands out from `ground` that much. */
function standOut(color: Rgb, ground: Rgb, ratio: number, towards = luminance(ground) > 0.4 ? BLACK : WHITE): Rgb {
  for (let share = 0; share <= 1; share += 0.05) {
    const tried = mix(color, towards, share);
    if (contrast(tried, ground) >= ratio) return tried;
  }
  return towards;
}

/** The colours the panel takes from an accent: text on it is always readable (4.5:1). */
export function theme(color: string, dark: boolean): Record<string, string> {
  const ground: Rgb = dark ? [23, 25, 31] : [255, 255, 255];
  // An accent like the ground would vanish in it.
  const chosen = standOut(rgb(color), ground, dark ? 2 : 1.25);
  const text = on(chosen);
  const accent = standOut(chosen, text, 4.5);
  return {
    '--accent': css(accent),
    '--on-accent': css(text),
    '--on-accent-soft': css(standOut(mix(text, accent, 0.2), accent, 4.5, text)),
    '--accent-strong': css(standOut(chosen, ground, 4.5)),
  };
}

const SYSTEM = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";
const FONTS: Record<string, string> = {
  rounded: "ui-rounded, 'SF Pro Rounded', Nunito, Verdana, sans-serif",
  serif: "Georgia, 'Times New Roman', serif",
  mono: 'ui-monospace, Menlo, Consolas, monospace',
};
const ROUND: Record<string, string> = { pill: '999px', square: '0' };

/** Puts the organisation's looks on the page. */
export function dress({ color, font = 'system', button_shape = 'rounded' }: Branding, dark: boolean): void {
  const looks = { ...theme(color, dark), '--font': FONTS[font] ?? SYSTEM, '--round': ROUND[button_shape] ?? '9px' };
  for (const [name, value] of Object.entries(looks)) document.documentElement.style.setProperty(name, value);
}
