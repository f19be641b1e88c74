// Prints what a browser must download at first and what it loads later, and fails when the first scripts outgrow their
// budget.
import { readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const budget = 90 * 1024;
const folder = new URL('../dist/assets/', import.meta.url);
const kinds = { js: 0, css: 0, woff2: 0 };
const page = readFileSync(new URL('../dist/index.html', import.meta.url), 'utf8');
let later = 0;
for (const name of readdirSync(folder)) {
  const kind = name.split('.').pop();
  if (!(kind in kinds)) continue;
  const bytes = readFileSync(new URL(name, folder));
  const size = kind === 'woff2' ? bytes.length : gzipSync(bytes, { level: 9 }).length;
  // the page names what it begins with
  if (kind === 'js' && !page.includes(name)) later += size;
  else kinds[kind] += size;
}
const kb = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;
console.log(`scripts ${kb(kinds.js)} of ${kb(budget)}, styles ${kb(kinds.css)} (gzip); fonts ${kb(kinds.woff2)}, loaded by script in use; later scripts ${kb(later)}`);
if (kinds.js > budget) {
  console.error('the scripts are over their budget');
  process.exit(1);
}
