import { t } from './language.svelte';

/** Browsers by the names people know them by. */

const browsers: [RegExp, string][] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:HeadlessChrome|Chrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];

const systems: [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

const found = (names: [RegExp, string][], text: string) => names.find(([mark]) => mark.test(text))?.[1];

/** "Firefox on Windows"; of a program, what it calls itself. */
export function browserName(agent: string): string {
  const browser = found(browsers, agent);
  const system = found(systems, agent);
  if (browser) return system ? t('{browser} on {system}', { browser, system }) : browser;
  return agent.split('/')[0]?.trim().slice(0, 40) || t('Unknown browser');
}
