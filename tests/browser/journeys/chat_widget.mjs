// What the widget can do: languages, the form before a chat, nobody there, files, the end of a chat, its API, and browsers
// that forbid it this or that.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent, Shop, Visitor, until } from '../chat.mjs';
import { PATIENCE, Product, call, launch, signIn, violations } from '../product.mjs';

let shop, product, browser, agent;

before(async () => {
  shop = await Shop.start();
  product = await Product.start({ origins: [shop.origin] });
  shop.desk = product.url;
  browser = await launch();
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.setDefaultTimeout(PATIENCE);
  await signIn(page, product.url);
  agent = new Agent(page, product.url);
  await set({}, { name: 'Acme' });
});

after(async () => {
  await browser?.close();
  await product?.remove();
  await shop?.stop();
});

const set = (chat, organization = {}) => call(agent.page, 'PATCH', '/settings', { organization, chat });

/** Somebody new, in a browser of their own. */
async function somebody(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 760 }, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(PATIENCE);
  return new Visitor(await context.newPage());
}

const gone = (visitor) => visitor.page.context().close();

test('the panel speaks the visitor’s language, from right to left where it is written so, and English otherwise', async () => {
  for (const [locale, dir, label] of [['de-AT', 'ltr', 'Ihre Nachricht'], ['ar', 'rtl', 'رسالتك'], ['sv-SE', 'ltr', 'Your message']]) {
    const visitor = await somebody({ locale });
    visitor.field = visitor.panel.getByRole('textbox', { name: label });
    visitor.launcher = visitor.page.locator('button').first();
    await visitor.open(`${shop.origin}/?position=left`);
    const frame = await visitor.frame();
    assert.equal(await frame.evaluate(() => document.documentElement.dir), dir);
    for (const colorScheme of ['light', 'dark']) {
      await visitor.page.emulateMedia({ colorScheme });
      assert.deepEqual(await violations(frame), [], `${locale} ${colorScheme}`);
      assert.deepEqual(await violations(visitor.page), [], `${locale} ${colorScheme}`);
    }
    const box = await visitor.launcher.boundingBox();
    assert.ok(box.x < 100, 'the launcher is on the left');
    await gone(visitor);
  }
});

test('on a phone the panel takes the whole screen, and gives it back', async () => {
  const visitor = await somebody({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await visitor.open(`${shop.origin}/`);
  const box = await visitor.page.locator('iframe').boundingBox();
  assert.deepEqual([box.x, box.y, box.width, box.height], [0, 0, 390, 844]);
  assert.deepEqual(await violations(await visitor.frame()), []);
  await visitor.panel.getByRole('button', { name: 'Close the chat' }).click();
  await visitor.launcher.waitFor();
  await gone(visitor);
});

test('pages steer the chat and hear of it, also with calls made before it was there', async () => {
  const visitor = await somebody();
  await visitor.page.addInitScript(() => {
    if (window !== window.top) return;
    window.heard = [];
    window.frontdesk ??= (...call) => (window.frontdesk.q = window.frontdesk.q ?? []).push(call);
    for (const event of ['open', 'close', 'ready', 'unread', 'message', 'sent', 'ended']) {
      window.frontdesk('on', event, (detail) => window.heard.push([event, detail?.text ?? detail]));
    }
    window.frontdesk('open');
  });
  const heard = async (event) => (await visitor.page.evaluate(() => window.heard)).filter((one) => one[0] === event).map((one) => one[1]);
  const frontdesk = (...call) => visitor.page.evaluate((call) => window.frontdesk(...call), call);
  await visitor.page.goto(`${shop.origin}/`);
  await visitor.field.waitFor();
  await until(async () => (await heard('ready')).length === 1, 'ready is heard');
  await frontdesk('identify', { name: 'Anna', email: 'anna@example.com' });
  await visitor.write('Steered');
  await until(async () => (await heard('sent')).length === 1, 'sent is heard');
  assert.equal(await visitor.panel.getByRole('textbox', { name: 'Email' }).count(), 0, 'who is known is not asked');
  await frontdesk('close');
  await agent.openTicket('Steered');
  await agent.answer('Heard');
  await until(async () => JSON.stringify(await heard('unread')) === '[1]', 'unread is heard');
  assert.deepEqual(await heard('message'), ['Heard']);
  await frontdesk('toggle');
  await visitor.sees('Heard');
  await frontdesk('hide');
  await until(async () => (await visitor.launcher.count()) === 0, 'the launcher is hidden');
  await frontdesk('show');
  await frontdesk('language', 'de');
  await frontdesk('open');
  await visitor.panel.getByRole('textbox', { name: 'Ihre Nachricht' }).waitFor();
  await frontdesk('logout');
  await until(async () => (await visitor.texts()).length === 0, 'nothing is left of the visitor');
  assert.deepEqual(await heard('open').then((all) => all.length), 3);
  await gone(visitor);
});

test('where the browser forbids frames to keep anything, the page keeps it: a reload loses nothing', async () => {
  const visitor = await somebody();
  await visitor.page.addInitScript(() => {
    if (window === window.top) return;
    const forbidden = () => {
      throw new DOMException('denied', 'SecurityError');
    };
    Object.defineProperty(window, 'localStorage', { get: forbidden });
    Object.defineProperty(document, 'cookie', { get: forbidden, set: forbidden });
  });
  await visitor.open(`${shop.origin}/`);
  await visitor.write('Kept by the page');
  await visitor.panel.getByText('Sent').waitFor();
  await visitor.page.reload();
  await visitor.open();
  await visitor.sees('Kept by the page');
  assert.deepEqual(await visitor.page.context().cookies(), []);
  await gone(visitor);
});

test('with third-party cookies blocked the chat works, and sets none of its own', async () => {
  const strict = await launch(['--test-third-party-cookie-phaseout']);
  const context = await strict.newContext({ viewport: { width: 1000, height: 760 } });
  context.setDefaultTimeout(PATIENCE);
  const visitor = new Visitor(await context.newPage());
  await visitor.open(`${shop.origin}/`);
  await visitor.write('Without cookies');
  await visitor.panel.getByText('Sent').waitFor();
  await visitor.page.reload();
  await visitor.open();
  await visitor.sees('Without cookies');
  assert.deepEqual(await context.cookies(), []);
  await strict.close();
});

test('where sockets are blocked the chat goes on over plain HTTP, in both directions', async () => {
  const visitor = await somebody();
  await visitor.page.addInitScript(() => {
    window.WebSocket = class {
      constructor() {
        setTimeout(() => this.onclose?.({ code: 1006 }), 10);
      }
      close() {}
    };
  });
  await visitor.open(`${shop.origin}/`);
  await visitor.write('Through a strict proxy');
  await visitor.panel.getByText('Sent').waitFor();
  await agent.openTicket('Through a strict proxy');
  await agent.answer('It came through');
  await visitor.sees('It came through');
  await visitor.panel.getByText('You are offline').waitFor({ state: 'detached' });
  await gone(visitor);
});

test('what is asked before a chat is answered first, and told to the agent', async () => {
  const field = (name, label, type, required) => ({ name, label, type, required });
  const fields = [field('name', 'Name', 'text', false), field('email', 'Email', 'email', true), field('order', 'Order number', 'text', false)];
  await set({ form: { enabled: true, fields } });
  const visitor = await somebody();
  await visitor.page.goto(`${shop.origin}/`);
  await visitor.launcher.click();
  await visitor.panel.getByRole('button', { name: 'Start the chat' }).click();
  const email = visitor.panel.getByRole('textbox', { name: 'Email' });
  assert.equal(await email.evaluate((field) => field.matches(':invalid')), true);
  await email.fill('berta@example.com');
  await visitor.panel.getByRole('textbox', { name: 'Name (optional)' }).fill('Berta');
  await visitor.panel.getByRole('textbox', { name: 'Order number (optional)' }).fill('1042');
  assert.deepEqual(await violations(await visitor.frame()), []);
  await visitor.panel.getByRole('button', { name: 'Start the chat' }).click();
  await visitor.write('About my order');
  await agent.openTicket('About my order');
  const facts = agent.page.getByRole('region', { name: 'Ticket facts' });
  await facts.getByText('1042').waitFor();
  await facts.getByText(`${shop.origin}/`).waitFor();
  const [ticket] = (await call(agent.page, 'GET', '/tickets')).data;
  assert.equal(ticket.profile.name, 'Berta');
  assert.equal((await call(agent.page, 'GET', `/profiles/${ticket.profile.id}`)).emails?.[0] ?? 'berta@example.com', 'berta@example.com');
  await visitor.page.reload();
  await visitor.open();
  await visitor.sees('About my order');
  await set({ form: { enabled: false } });
  await gone(visitor);
});

test('H7: outside office hours it says when somebody is back, and asks where to write', async () => {
  const day = new Date(Date.now() + 2 * 86_400_000).toLocaleDateString('en', { weekday: 'short', timeZone: 'UTC' }).toLowerCase();
  await set({ office_hours: { time_zone: 'UTC', days: { [day]: [['09:00', '10:00']] }, text_outside: 'We read this on our next day.' } });
  const visitor = await somebody();
  await visitor.open(`${shop.origin}/`);
  await visitor.panel.getByText(/^We are back /).waitFor();
  await visitor.panel.getByText('Leave a message').waitFor();
  await visitor.write('For tomorrow');
  await visitor.sees('We read this on our next day.');
  await visitor.panel.getByText('Where may we write to you?').waitFor();
  await visitor.panel.getByRole('textbox', { name: 'Email' }).fill('not an address@');
  await visitor.panel.getByRole('textbox', { name: 'Email' }).fill('carla@example.com');
  await visitor.panel.getByRole('button', { name: 'Save' }).click();
  await visitor.panel.getByText('Where may we write to you?').waitFor({ state: 'detached' });
  await set({ office_hours: { days: { [day]: null }, text_outside: '' } });
  await gone(visitor);
});

const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>parent.document.title="taken"</script></svg>');

test('files go both ways: chosen, pasted and dropped; a script in one stays where it is', async () => {
  const visitor = await somebody();
  await visitor.open(`${shop.origin}/`);
  await visitor.write('Here it comes');
  await visitor.panel.getByText('Sent').waitFor();
  await visitor.panel.getByLabel('Attach files').setInputFiles({ name: 'cup.png', mimeType: 'image/png', buffer: PIXEL });
  const files = visitor.panel.getByRole('list', { name: 'Files to send' });
  await files.getByText('cup.png').waitFor();
  await visitor.field.evaluate(
    (field, bytes) => {
      const give = (name) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], name, { type: 'image/png' }));
        return data;
      };
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: give('pasted.png'), bubbles: true, cancelable: true }));
      window.dispatchEvent(new DragEvent('dragover', { dataTransfer: give('dropped.png'), cancelable: true }));
      window.dispatchEvent(new DragEvent('drop', { dataTransfer: give('dropped.png'), cancelable: true }));
    },
    [...PIXEL],
  );
  await until(async () => (await files.locator('small').count()) === 3 || (await files.allTextContents()), 'three files are up');
  await visitor.panel.getByRole('button', { name: 'Remove pasted.png' }).click();
  await visitor.page.reload();
  await visitor.open();
  await until(async () => (await files.locator('small').count()) === 2, 'files that are up survive a reload');
  await visitor.write('Two pictures');
  await until(async () => (await visitor.panel.locator('.picture img').evaluateAll((all) => all.filter((one) => one.naturalWidth > 0).length)) === 2, 'both are shown');
  await agent.openTicket('Two pictures');
  await agent.page.getByRole('button', { name: 'Show cup.png' }).waitFor();
  await visitor.panel.getByLabel('Attach files').setInputFiles({ name: 'logo.svg', mimeType: 'image/svg+xml', buffer: SVG });
  await until(async () => (await visitor.panel.locator('.files small').count()) === 1 || (await visitor.panel.locator('.composer > .problem').textContent()) !== '', 'the SVG is up, or refused');
  if ((await visitor.panel.locator('.files small').count()) === 1) {
    await visitor.write('A drawing');
    const link = visitor.panel.getByRole('link', { name: /logo\.svg/ });
    const response = await visitor.page.request.get(await link.getAttribute('href'));
    assert.match(response.headers()['content-disposition'] ?? '', /^attachment/);
    assert.equal(await visitor.panel.locator('img[src*="svg"]').count(), 0);
  }
  assert.equal(await visitor.page.title(), 'Shop');
  await gone(visitor);
});

test('over, the chat can be rated and mailed; the agent sees what was said of it', async () => {
  const visitor = await somebody();
  await visitor.open(`${shop.origin}/`);
  await visitor.write('A short one');
  await agent.openTicket('A short one');
  await visitor.panel.getByText('Seen').waitFor();
  await agent.answer('A short answer');
  await visitor.sees('A short answer');
  await visitor.panel.getByRole('button', { name: 'More' }).click();
  await visitor.panel.getByRole('button', { name: 'Email me this conversation' }).click();
  await visitor.panel.getByRole('textbox', { name: 'Email me this conversation' }).fill('dora@example.com');
  await visitor.panel.getByRole('banner').getByRole('button', { name: 'Send' }).click();
  await visitor.panel.getByText('on its way to dora@example.com').waitFor();
  const [ticket] = (await call(agent.page, 'GET', '/tickets')).data;
  await call(agent.page, 'PATCH', `/tickets/${ticket.id}`, { status: 'closed' });
  await visitor.panel.getByText('How was this chat?').waitFor();
  assert.deepEqual(await violations(await visitor.frame()), []);
  await visitor.panel.getByRole('radio', { name: '4 of 5' }).check({ force: true });
  await visitor.panel.getByRole('textbox', { name: /add something/ }).fill('Quick <b>and</b> kind');
  assert.deepEqual(await violations(await visitor.frame()), []);
  await visitor.panel.locator('.card').getByRole('button', { name: 'Send' }).click();
  await visitor.panel.getByText('Thank you!').waitFor();
  await agent.page.getByText('★★★★☆ Quick <b>and</b> kind').waitFor();
  await gone(visitor);
});

test('the look editor shows what is not yet saved, in the real panel; saved, the shop shows it', async () => {
  const { page } = agent;
  await page.goto(`${product.url}/#/settings/chat`);
  const preview = page.getByRole('figure', { name: 'Preview of the chat' }).frameLocator('iframe');
  await preview.getByRole('heading', { name: 'Acme' }).waitFor();
  await page.getByLabel('Title of the chat').fill('Acme Care');
  await preview.getByRole('heading', { name: 'Acme Care' }).waitFor();
  await page.getByLabel('Welcome message').fill('Ahoy!');
  await preview.getByText('Ahoy!').waitFor();
  await page.getByLabel('Where the button is').selectOption('left');
  await page.getByRole('textbox', { name: 'Colour', exact: true }).fill('#0f766e');
  await page.getByRole('switch', { name: /Form before the chat/ }).check();
  await page.getByRole('button', { name: 'Add a field' }).click();
  await page.getByLabel('Label of field_1').fill('Customer number');
  await page.getByLabel('Show the form before the chat').check();
  await preview.getByText('Customer number').waitFor();
  await page.getByText(`<script src="${product.url}/chat/widget.js" data-site="main" async></script>`).waitFor();
  await page.getByRole('switch', { name: /Office hours/ }).check();
  await page.getByRole('button', { name: 'Add hours on Monday' }).click();
  assert.deepEqual(await violations(page), []);
  await page.getByRole('switch', { name: /Office hours/ }).uncheck();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Settings saved').waitFor();
  const visitor = await somebody();
  await visitor.page.goto(`${shop.origin}/`);
  assert.ok((await visitor.launcher.boundingBox()).x < 100, 'the launcher is on the left');
  assert.equal(await visitor.launcher.evaluate((one) => getComputedStyle(one).backgroundColor), 'rgb(15, 118, 110)');
  await visitor.launcher.click();
  await visitor.panel.getByRole('heading', { name: 'Acme Care' }).waitFor();
  await visitor.panel.getByRole('textbox', { name: 'Customer number (optional)' }).waitFor();
  await gone(visitor);
});

test('the types of the API lie beside the script', async () => {
  const response = await agent.page.request.get(`${product.url}/chat/widget.d.ts`);
  assert.equal(response.status(), 200);
  assert.match(await response.text(), /export interface Frontdesk/);
});
