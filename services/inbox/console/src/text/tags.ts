import type { TagColour } from '../api/shapes';

/** Where each colour lies on the wheel (OKLCH); grey has no hue. */
export const hues: Record<TagColour, number | null> = {
  grey: null,
  red: 27,
  orange: 55,
  yellow: 95,
  green: 150,
  teal: 195,
  blue: 260,
  purple: 300,
  pink: 350,
};

export const colours = Object.keys(hues) as TagColour[];
