// A shop of another origin with the widget on its pages, and the visitors and agents of its chat.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createServer as createMailServer } from 'node:net';
import { PATIENCE } from './product.mjs';

/** Pages at http://localhost, where the desk is at http://127.0.0.1: another origin, and another site. */
export class Shop {
  static async start() {
    const shop = new Shop();
    shop.site = 'main';
    shop.server = createServer((request, response) => shop.answer(request, response));
    await new Promise((resolve) => shop.server.listen(0, 'localhost', resolve));
    shop.origin = `http://localhost:${shop.server.address().port}`;
    return shop;
  }

  /** The page loads nothing but the widget, runs no other script, and takes no HTML from texts. */
  answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, 'http://shop');
    if (pathname === '/favicon.ico') return response.writeHead(204).end();
    if (pathname === '/page.css') return response.writeHead(200, { 'content-type': 'text/css' }).end('body{font:16px system-ui;margin:40px}');
    const policy = `default-src 'none'; script-src ${this.desk}; frame-src ${this.desk}; style-src 'self'; base-uri 'none'; require-trusted-types-for 'script'`;
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy });
    const attributes = [...searchParams].map(([name, value]) => ` data-${name}="${value}"`).join('');
    response.end(
      `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Shop</title>` +
        `<link rel="stylesheet" href="/page.css"><script src="${this.desk}/chat/widget.js" data-site="${this.site}"${attributes} async></script>` +
        `<main><h1>Shop</h1><p>Mugs, blue and red.</p></main></html>`,
    );
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

/** Somebody at a page of the shop. */
export class Visitor {
  constructor(page) {
    this.page = page;
    this.panel = page.frameLocator('iframe');
    this.launcher = page.getByRole('button', { name: /chat/i });
    this.field = this.panel.getByRole('textbox', { name: 'Your message' });
  }

  async open(url) {
    if (url) await this.page.goto(url);
    await this.launcher.click();
    await this.field.waitFor();
  }

  async write(text) {
    await this.field.fill(text);
    await this.field.press('Enter');
  }

  /** Waits until a message with exactly this text is shown. */
  sees(text) {
    return this.panel.locator('.bubble > p').getByText(text, { exact: true }).first().waitFor();
  }

  /** The frame itself, for what a locator cannot do. */
  async frame() {
    return (await this.page.locator('iframe').elementHandle()).contentFrame();
  }

  texts() {
    return this.panel.locator('.thread .block .bubble > p').allTextContents();
  }

  /** Waits until the visitor sees exactly these messages, in this order, all of them sent. */
  async seesAll(texts) {
    await until(async () => JSON.stringify(await this.texts()) === JSON.stringify(texts) || this.texts(), `the visitor sees ${texts}`);
    await this.panel.locator('.bubble.sending').first().waitFor({ state: 'detached' });
  }
}

/** Waits until `question` answers `true`; says its last answer when it does not. */
export async function until(question, what, within = PATIENCE) {
  const end = Date.now() + within;
  for (;;) {
    const answer = await question();
    if (answer === true) return;
    if (Date.now() > end) assert.fail(`${what}: not within ${within} ms; last: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** An agent with the ticket of a text open in the console. */
export class Agent {
  constructor(page, url) {
    this.page = page;
    this.url = url;
    this.reply = page.getByRole('textbox', { name: 'Reply' });
  }

  async openTicket(text) {
    await this.page.goto(`${this.url}/#/inbox/all`);
    await this.page.getByRole('list', { name: 'Tickets' }).getByText(text).first().click();
    await this.reply.waitFor();
  }

  async answer(text) {
    await this.reply.fill(text);
    await this.page.getByRole('button', { name: 'Send', exact: true }).click();
  }

  /** Waits until the console shows exactly these messages of the ticket, in this order. */
  async seesAll(texts) {
    const shown = async () => (await this.page.getByRole('article').allTextContents()).map((text) => texts.find((one) => text.includes(one)) ?? text);
    await until(async () => JSON.stringify(await shown()) === JSON.stringify(texts) || shown(), `the agent sees ${texts}`);
  }
}

/** A mail relay that takes everything and keeps it. */
export class Relay {
  static async start() {
    const relay = new Relay();
    relay.mails = [];
    relay.server = createMailServer((socket) => relay.serve(socket));
    await new Promise((resolve) => relay.server.listen(0, '127.0.0.1', resolve));
    relay.url = `smtp://127.0.0.1:${relay.server.address().port}`;
    return relay;
  }

  serve(socket) {
    let rest = '';
    let data = null;
    const say = (line) => socket.write(`${line}\r\n`);
    say('220 relay');
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      rest += bytes.toString('latin1');
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (data !== null) {
          if (line !== '.') data.push(line.replace(/^\.\./, '.'));
          else {
            this.mails.push(data.join('\n'));
            data = null;
            say('250 kept');
          }
        } else if (/^DATA/i.test(line)) {
          data = [];
          say('354 go on');
        } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
        else say('250 ok');
      }
    });
  }

  stop() {
    return new Promise((resolve) => this.server.close(resolve));
  }
}

/** A mail's text as people read it: soft line breaks and `=XX` undone. */
export const readable = (mail) =>
  Buffer.from(mail.replace(/=\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString();
