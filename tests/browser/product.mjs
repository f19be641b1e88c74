// Starts the real executable with the sandbox, and a real browser.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const OWNER = 'owner@acme.example';
export const PASSWORD = 'correct horse battery staple';

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
  /** `origins`: where the pages of the chat's site are; `env`: further configuration. */
  static async start({ origins, env = {} } = {}) {
    const product = new Product();
    product.env = env;
    product.folder = mkdtempSync(join(tmpdir(), 'frontdesk-'));
    product.port = await freePort();
    product.url = `http://127.0.0.1:${product.port}`;
    product.config = join(root, 'deploy/sandbox.toml');
    if (origins) {
      const sandbox = readFileSync(product.config, 'utf8').replace(/^allowed_origins = .*$/m, `allowed_origins = ${JSON.stringify(origins)}`);
      product.config = join(product.folder, 'frontdesk.toml');
      writeFileSync(product.config, sandbox);
    }
    await product.start();
    return product;
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

export function launch(more = []) {
  const paths = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium', process.env.CHROMIUM];
  const executablePath = paths.find((path) => path && existsSync(path));
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', ...more];
  return chromium.launch({ executablePath, args });
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
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id} (${help}): ${target.join(' ')}`));
}

export async function signIn(page, url, email = OWNER, password = PASSWORD) {
  await page.goto(url);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('list', { name: 'Tickets' }).waitFor();
}
