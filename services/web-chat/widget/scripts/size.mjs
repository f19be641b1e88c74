// What a visitor downloads, compressed: the loader; the panel with the largest of its languages. Fails over the limit.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url).pathname;
const files = (path) =>
  statSync(path).isDirectory() ? readdirSync(path).sort().flatMap((name) => files(join(path, name))) : [path];
const weigh = (file) => gzipSync(readFileSync(file), { level: 9 }).length;
const isLanguage = (file) => /\/[a-z]{2}-[\w-]{8}\.js$/.test(file);
const sum = (sizes) => sizes.reduce((all, size) => all + size, 0);

const panel = files(join(dist, 'panel'));
const languages = panel.filter(isLanguage).map(weigh);
const parts = [
  ['widget.js', 3, weigh(join(dist, 'widget.js'))],
  ['panel', 25, sum(panel.filter((file) => !isLanguage(file)).map(weigh)) + Math.max(0, ...languages)],
];
for (const [name, limit, bytes] of parts) {
  const fits = bytes <= limit * 1024;
  if (!fits) process.exitCode = 1;
  console.log(`${name.padEnd(10)} ${(bytes / 1024).toFixed(2).padStart(6)} KB gzip (limit ${limit} KB)${fits ? '' : '  TOO LARGE'}`);
}
console.log(`           the panel with the largest of its ${languages.length + 1} languages`);
