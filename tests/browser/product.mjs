// Starts the real executable with the sandbox, and a real browser.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const OWNER = 'owner@acme.example';
export const PASSWORD = 'correct horse battery staple';
/** How long a story waits for what is sure to come: long, for a machine that others keep busy. */
export const PATIENCE = 60_000;

function executable() {
  const candidates = [process.env.TEST_EXECUTABLE, join(root, 'target/debug/frontdesk'), join(root, 'target/release/frontdesk')];
  const found = candidates.find((path) => path && existsSync(path));
  if (!found) throw new Error('build the executable first: cargo build -p frontdesk');
  return found;
}

/** A free port below those that the kernel gives to whoever asks for any: nobody is given it while the product is down. */
function freePort() {
  return new Promise((resolve) => {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    server.once('error', () => resolve(freePort()));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(port)));
  });
}

/** The product in one process, with the sandbox's channels; `stop()` and `start()` keep its data. */
export class Product {
  /** `origins`: where the pages of the chat's site are; `env`: further configuration; `undoSeconds`: how long answers of
   * the console wait to be taken back, which most stories have no time for; `host`: the name in its address, where a number
   * will not do. */
  static async start({ origins, env = {}, undoSeconds = 0, host = '127.0.0.1' } = {}) {
    const product = new Product();
    product.env = env;
    product.folder = mkdtempSync(join(tmpdir(), 'frontdesk-'));
    product.port = await freePort();
    product.url = `http://${host}:${product.port}`;
    product.config = join(root, 'deploy/sandbox.toml');
    if (origins) {
      const sandbox = readFileSync(product.config, 'utf8').replace(/^allowed_origins = .*$/m, `allowed_origins = ${JSON.stringify(origins)}`);
      product.config = join(product.folder, 'frontdesk.toml');
      writeFileSync(product.config, sandbox);
    }
    await product.start();
    await product.change({ replies: { undo_seconds: undoSeconds } });
    return product;
  }

  /** Changes settings, as the owner does. */
  async change(settings) {
    const json = { 'content-type': 'application/json' };
    const signedIn = await fetch(`${this.url}/api/v1/session`, { method: 'POST', headers: json, body: JSON.stringify({ email: OWNER, password: PASSWORD }) });
    const cookie = signedIn.headers.get('set-cookie').split(';')[0];
    const { csrf_token: token } = await signedIn.json();
    const headers = { ...json, cookie, 'x-csrf-token': token };
    const answer = await fetch(`${this.url}/api/v1/settings`, { method: 'PATCH', headers, body: JSON.stringify(settings) });
    if (!answer.ok) throw new Error(`settings: ${await answer.text()}`);
  }

  async start() {
    const env = {
      ...process.env,
      FRONTDESK_DATA_DIR: this.folder,
      FRONTDESK_LISTEN: `127.0.0.1:${this.port}`,
      FRONTDESK_PUBLIC_URL: this.url,
      FRONTDESK_ADMIN_LISTEN: '127.0.0.1:0',
      FRONTDESK_SMTP__LISTEN: '127.0.0.1:0',
      FRONTDESK_OWNER__EMAIL: OWNER,
      FRONTDESK_OWNER__PASSWORD: PASSWORD,
      ...this.env,
    };
    this.process = spawn(executable(), ['up', '--config', this.config], { env });
    this.log = '';
    this.process.stderr.on('data', (data) => (this.log += data));
    await new Promise((resolve, reject) => {
      let out = '';
      this.process.stdout.on('data', (data) => {
        out += data;
        if (out.split('\n').includes('frontdesk is ready')) resolve();
      });
      this.process.once('exit', (code) => reject(new Error(`frontdesk ended with ${code}:\n${this.log}`)));
    });
  }

  /** SIGINT, as Ctrl-C does; answers the exit code. */
  async stop() {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGINT');
    return ended;
  }

  /** As a power cut does it: nothing is finished, nothing is said. */
  async kill() {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    await ended;
  }

  async remove() {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A line to the product that can be cut: what is under way ends, and nobody gets through until it is mended. */
export class Line {
  static async to(product) {
    const line = new Line();
    line.ends = new Set();
    line.isCut = false;
    line.server = createServer((near) => {
      if (line.isCut) return near.destroy();
      const far = connect(product.port, '127.0.0.1');
      for (const [one, other] of [[near, far], [far, near]]) {
        line.ends.add(one);
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => (line.ends.delete(one), other.destroy()));
      }
    });
    await new Promise((resolve) => line.server.listen(0, '127.0.0.1', resolve));
    line.url = `http://127.0.0.1:${line.server.address().port}`;
    return line;
  }

  cut() {
    this.isCut = true;
    for (const end of this.ends) end.destroy();
  }

  mend() {
    this.isCut = false;
  }

  stop() {
    this.cut();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

/** How many times slower than this machine browsers are to be: finds stories that depend on speed. */
const SLOWNESS = Number(process.env.TEST_SLOWNESS ?? 1);

export async function launch(more = []) {
  const paths = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium', process.env.CHROMIUM];
  const executablePath = paths.find((path) => path && existsSync(path));
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', ...more];
  const browser = await chromium.launch({ executablePath, args });
  if (SLOWNESS > 1) slowDown(browser);
  return browser;
}

function slowDown(browser) {
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await newContext(options);
    context.on('page', async (page) => {
      const session = await context.newCDPSession(page).catch(() => null);
      await session?.send('Emulation.setCPUThrottlingRate', { rate: SLOWNESS }).catch(() => {});
    });
    return context;
  };
}

/** The phone of the sandbox's page: what its customer writes and gets. */
export class Phone {
  constructor(page) {
    this.region = page.getByRole('region', { name: 'Phone' });
  }

  async text(words) {
    await this.region.getByRole('textbox', { name: 'Text message' }).fill(words);
    await this.region.getByRole('button', { name: 'Send text' }).click();
  }

  /** Waits until a text with these words has come. */
  async gets(words) {
    await this.region.getByText(words).first().waitFor();
  }
}

/** A call of the agents' API with the session of a page; the answer's JSON, or an error. */
export async function call(page, method, path, body) {
  const answer = await page.evaluate(
    async ([method, path, body]) => {
      const { csrf_token: token } = await (await fetch('/api/v1/session')).json();
      const headers = { 'content-type': 'application/json', 'x-csrf-token': token };
      const response = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
      return { ok: response.ok, text: await response.text() };
    },
    [method, path, body],
  );
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.text}`);
  return JSON.parse(answer.text || 'null');
}

const axe = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

/** What axe-core finds wrong on the page as it stands: one line for each element. */
export async function violations(page) {
  // What still fades in or out has no contrast of its own.
  await page.evaluate(() => {
    const passing = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
    return Promise.allSettled(passing.map((one) => one.finished));
  });
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id} (${help}): ${target.join(' ')}`));
}

export async function signIn(page, url, email = OWNER, password = PASSWORD) {
  await page.goto(url);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('list', { name: 'Tickets' }).waitFor();
}
