// Mail as agents see it: formatted without danger, quotes folded, pictures on the net only when asked for; an answer to
// everybody who was in it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATIENCE, Product, launch, signIn, violations } from '../product.mjs';

const KEY = 'a key for the door of mails';
let product, browser, agent;

before(async () => {
  product = await Product.start({ env: { FRONTDESK_EMAIL__WEBHOOK_KEY: KEY } });
  browser = await launch();
  agent = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  agent.setDefaultTimeout(PATIENCE);
  await signIn(agent, product.url);
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

const frame = () => agent.frameLocator('iframe[title="Mail as formatted by its writer"]').last();
const mails = () => agent.getByRole('article');

/** A mail comes in over HTTP. */
async function receive(id, headers, body, type = 'text/plain') {
  const head = ['From: Anna Lee <anna@customer.example>', 'To: Support <support@acme.example>, Ben <ben@customer.example>',
    'Cc: Carla <carla@customer.example>', `Message-ID: <${id}@customer.example>`, ...headers, 'MIME-Version: 1.0',
    `Content-Type: ${type}; charset=utf-8`];
  const answer = await fetch(`${product.url}/webhooks/email?rcpt=support@in.acme.example`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'message/rfc822' },
    body: `${head.join('\r\n')}\r\n\r\n${body}\r\n`,
  });
  assert.equal(answer.status, 202, await answer.text());
}

async function open(words) {
  await agent.goto(`${product.url}/#/inbox/all`);
  await agent.getByRole('list', { name: 'Tickets' }).getByText(words).first().click();
  await agent.getByRole('textbox', { name: 'Reply' }).waitFor();
}

test('HTML is shown without danger; pictures on the net only when asked for', async () => {
  const html = '<h2>Order <b>1042</b></h2><script>parent.document.title="hacked"</script><p onclick="alert(1)">Where is it?</p>' +
    '<img src="https://track.invalid/open.gif" alt="logo">';
  await receive('m1', ['Subject: My order'], html, 'text/html');
  await open('My order');
  await frame().getByText('Where is it?').waitFor();
  assert.equal(await frame().locator('script, [onclick]').count(), 0);
  assert.equal(await frame().locator('img[src]').count(), 0, 'nothing is fetched by itself');
  assert.notEqual(await agent.title(), 'hacked');
  await agent.getByRole('button', { name: 'Show pictures' }).click();
  await frame().locator('img[src^="/mail-images/"]').waitFor({ state: 'attached' });
  await agent.getByRole('button', { name: 'Show as text' }).click();
  await mails().getByText('Where is it?').waitFor();
});

test('a mail says who wrote to whom and why it is here, and can be had as it came', async () => {
  await agent.getByText('to Support, Ben, cc Carla').waitFor();
  await agent.locator('summary[title="Details of this mail"]').first().click();
  await agent.getByText('Why here?').waitFor();
  await agent.getByRole('button', { name: 'More for this mail' }).click();
  const link = await agent.getByRole('menuitem', { name: 'Download the original' }).getAttribute('href');
  const original = await agent.evaluate(async (link) => (await (await fetch(link)).text()).includes('Message-ID: <m1@'), link);
  assert.equal(original, true);
  await agent.keyboard.press('Escape');
});

test('reply all goes to everybody who was in it; the subject can be changed', async () => {
  const recipients = agent.getByRole('group', { name: 'Recipients' });
  await recipients.getByRole('button', { name: 'Reply', exact: true }).click();
  assert.equal(await recipients.getByRole('button', { name: 'Reply all' }).getAttribute('aria-pressed'), 'false');
  await recipients.getByRole('button', { name: 'Reply all' }).click();
  await recipients.getByRole('button', { name: /^To Anna Lee/ }).click();
  await recipients.getByRole('button', { name: 'Remove ben@customer.example from Cc' }).click();
  const copies = recipients.getByLabel('Cc', { exact: true });
  await copies.fill('nonsense');
  await copies.press('Enter');
  await recipients.getByRole('alert').waitFor();
  await copies.fill('Dora <dora@customer.example>');
  await copies.press('Enter');
  await recipients.getByLabel('Subject').fill('Order 1042');
  await agent.getByRole('textbox', { name: 'Reply' }).fill('It left this morning.');
  await agent.getByRole('button', { name: 'Send', exact: true }).click();
  const answer = mails().filter({ hasText: 'It left this morning.' });
  await answer.getByText('to Anna Lee, cc Carla').waitFor();
  await answer.locator('summary[title="Details of this mail"]').click();
  await answer.getByText('dora@customer.example').waitFor();
  await answer.getByText('Order 1042', { exact: true }).waitFor();
});

test('what a reply quotes is folded, never lost', async () => {
  const body = 'Thank you!\n\nOn Mon, 23 Nov 2026 at 10:00, Support <support@acme.example> wrote:\n> It left this morning.';
  await receive('m2', ['Subject: Re: My order', 'In-Reply-To: <m1@customer.example>'], body.replaceAll('\n', '\r\n'));
  const mail = mails().filter({ hasText: 'Thank you!' });
  await mail.waitFor();
  assert.equal(await mail.getByText('> It left this morning.').count(), 0);
  await mail.getByRole('button', { name: 'Quoted text' }).click();
  await mail.getByText('> It left this morning.').waitFor();
});

test('axe finds nothing wrong, wide and narrow, light and dark', async () => {
  for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
    for (const colorScheme of ['light', 'dark']) {
      const page = await (await browser.newContext({ viewport, colorScheme })).newPage();
      await signIn(page, product.url);
      await page.goto(`${product.url}/#/inbox/all`);
      await page.getByRole('list', { name: 'Tickets' }).getByText('My order').first().click();
      await page.getByRole('group', { name: 'Recipients' }).waitFor();
      if (process.env.SHOTS) await page.waitForTimeout(900), await page.screenshot({ path: `${process.env.SHOTS}/mail-${viewport.width}-${colorScheme}.png` });
      assert.deepEqual(await violations(page), [], `${viewport.width} ${colorScheme}`);
      await page.context().close();
    }
  }
});

test('a mark says in words what is thought of the sender', async () => {
  await receive('m9', ['Subject: You have won', 'X-Spam-Flag: YES', 'X-Spam-Score: 9.1'], 'Click here');
  await open('You have won');
  const mark = agent.getByRole('button', { name: /^Doubtful: a mail server before us called it spam \(score 9.1\)/ });
  await mark.waitFor();
  const words = mark.locator('.words');
  assert.equal(await words.isVisible(), false);
  await agent.getByRole('textbox', { name: 'Reply' }).focus();
  await mark.hover();
  await words.waitFor({ state: 'visible' });
  if (process.env.PICTURES) {
    for (const colorScheme of ['light', 'dark']) {
      await agent.emulateMedia({ colorScheme });
      await agent.screenshot({ path: `${process.env.PICTURES}/mark-${colorScheme}.png` });
    }
    await agent.emulateMedia({ colorScheme: 'light' });
  }
  await mark.click();
  await agent.getByText('SPF none · DKIM none · DMARC none · ARC none').waitFor();
});
