// Runs the stories: `node run.mjs [file ...]`, all of `journeys/` when none is named. A file with a story that failed is run
// once more by itself, as nextest does it: what then passes counts as passed, and is named as flaky at the end.
import { readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from 'node:test';
import { tap } from 'node:test/reporters';

const here = dirname(fileURLToPath(import.meta.url));

function all() {
  const names = readdirSync(join(here, 'journeys')).filter((name) => name.endsWith('.mjs'));
  return names.sort().map((name) => join(here, 'journeys', name));
}

/** Runs these files one after the other and prints every story; the stories with how they ended. */
async function stories(files) {
  const ended = [];
  const events = run({ files, concurrency: 1 });
  async function* told() {
    for await (const event of events) {
      const { type, data } = event;
      // The totals are said once, at the end of all.
      if (type === 'test:plan' || (type === 'test:diagnostic' && data.nesting === 0 && /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /.test(data.message))) continue;
      if ((type === 'test:pass' || type === 'test:fail') && data.nesting === 0) ended.push({ file: data.file ?? data.name, name: data.name, passed: type === 'test:pass', skipped: data.skip !== undefined });
      yield event;
    }
  }
  for await (const text of tap(told())) process.stdout.write(text);
  return ended;
}

const files = process.argv.length > 2 ? process.argv.slice(2).map((file) => resolve(file)) : all();
let ended = await stories(files);
const failed = [...new Set(ended.filter((story) => !story.passed).map((story) => resolve(here, story.file)))];
const flaky = [];
if (failed.length > 0) {
  console.log(`# once more, by themselves: ${failed.map((file) => relative(here, file)).join(', ')}`);
  const again = await stories(failed);
  const stillFails = new Set(again.filter((story) => !story.passed).map((story) => resolve(here, story.file)));
  for (const file of failed.filter((file) => !stillFails.has(file))) {
    for (const story of ended.filter((story) => !story.passed && resolve(here, story.file) === file)) flaky.push(`${relative(here, file)}: ${story.name}`);
  }
  ended = [...ended.filter((story) => !failed.includes(resolve(here, story.file))), ...again];
}
const count = (which) => ended.filter(which).length;
for (const story of flaky) console.log(`# FLAKY, passed when run again: ${story}`);
console.log(`# pass ${count((story) => story.passed && !story.skipped)}`);
console.log(`# fail ${count((story) => !story.passed)}`);
console.log(`# skipped ${count((story) => story.skipped)}`);
process.exitCode = ended.length === 0 || ended.some((story) => !story.passed) ? 1 : 0;
