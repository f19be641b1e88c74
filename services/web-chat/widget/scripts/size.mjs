// What a visitor downloads, compressed. Fails over the limit.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url).pathname;
const files = (path) =>
  statSync(path).isDirectory() ? readdirSync(path).sort().flatMap((name) => files(join(path, name))) : [path];

let over = false;
for (const [name, limit] of [['widget.js', 3], ['panel', 25]]) {
  const bytes = files(join(dist, name)).reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0);
  const fits = bytes <= limit * 1024;
  over ||= !fits;
  console.log(`${name.padEnd(10)} ${(bytes / 1024).toFixed(2).padStart(6)} KB gzip (limit ${limit} KB)${fits ? '' : '  TOO LARGE'}`);
}
process.exitCode = over ? 1 : 0;
