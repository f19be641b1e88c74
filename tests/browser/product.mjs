// Starts the real executable with the sandbox, and a real browser.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
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

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The product in one process, with the sandbox's channels; `stop()` and `start()` keep its data. */
export class Product {
  static async start() {
    const product = new Product();
    product.folder = mkdtempSync(join(tmpdir(), 'frontdesk-'));
    product.port = await freePort();
    product.url = `http://127.0.0.1:${product.port}`;
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
    };
    this.process = spawn(executable(), ['up', '--config', join(root, 'deploy/sandbox.toml')], { env });
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

  async remove() {
    if (this.process.exitCode === null) await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function launch() {
  const paths = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium', process.env.CHROMIUM];
  const executablePath = paths.find((path) => path && existsSync(path));
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'];
  return chromium.launch({ executablePath, args });
}

export async function signIn(page, url) {
  await page.goto(url);
  await page.getByLabel('Email').fill(OWNER);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('list', { name: 'Tickets' }).waitFor();
}
