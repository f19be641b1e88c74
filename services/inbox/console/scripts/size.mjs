// Prints what a browser must download, and fails when the scripts outgrow their budget.
import { readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const budget = 90 * 1024;
const folder = new URL('../dist/assets/', import.meta.url);
const kinds = { js: 0, css: 0, woff2: 0 };
for (const name of readdirSync(folder)) {
  const kind = name.split('.').pop();
  if (!(kind in kinds)) continue;
  const bytes = readFileSync(new URL(name, folder));
  kinds[kind] += kind === 'woff2' ? bytes.length : gzipSync(bytes, { level: 9 }).length;
}
const kb = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;
console.log(`scripts ${kb(kinds.js)} of ${kb(budget)}, styles ${kb(kinds.css)} (gzip); fonts ${kb(kinds.woff2)}, loaded by script in use`);
if (kinds.js > budget) {
  console.error('the scripts are over their budget');
  process.exit(1);
}
