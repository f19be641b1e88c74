// axe-core finds nothing wrong on the screens of texts: wide and narrow, light and dark.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATIENCE, Phone, Product, launch, signIn, violations } from '../product.mjs';

let product, browser;

before(async () => {
  product = await Product.start();
  browser = await launch();
  const customer = await browser.newPage();
  await customer.goto(`${product.url}/sandbox`);
  const phone = new Phone(customer);
  await phone.text('Where is my order 1042?');
  await phone.gets('not monitored');
  await phone.text('JOIN');
  await phone.gets('you are subscribed');
  await customer.close();
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

const sizes = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
const pages = ['organization', 'numbers', 'keywords', 'auto-responder', 'texts', 'mailboxes', 'answers', 'chat', 'quick-responses', 'coupons', 'tags', 'notifications', 'people', 'keys', 'webhooks', 'account', 'privacy', 'sign-in', 'audit'];

for (const [size, viewport] of Object.entries(sizes)) {
  for (const colorScheme of ['light', 'dark']) {
    test(`${size} and ${colorScheme}`, async () => {
      const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE);
      const check = async (what) => assert.deepEqual(await violations(page), [], what);
      await page.goto(product.url);
      await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
      await check('sign-in');
      await signIn(page, product.url);
      await page.goto(`${product.url}/#/inbox/all`);
      await page.getByRole('list', { name: 'Tickets' }).getByRole('link').first().waitFor();
      await check('list');
      await page.getByRole('list', { name: 'Tickets' }).getByRole('link').first().click();
      await page.getByRole('textbox', { name: 'Reply' }).fill('It’s on its way 😀');
      await page.getByRole('note', { name: 'Characters outside the plain alphabet' }).waitFor();
      await check('ticket with a text in the making');
      await page.getByRole('button', { name: 'Other ways to send' }).click();
      await page.getByRole('menuitem', { name: 'Send at another time' }).click();
      await check('send at another time');
      await page.keyboard.press('Escape');
      if (size === 'narrow') await page.getByRole('button', { name: 'Details', exact: true }).click();
      await page.locator('summary', { hasText: 'History' }).click();
      await check('details with the history of consent');
      await page.getByRole('button', { name: 'Record consent' }).click();
      await check('record consent');
      await page.keyboard.press('Escape');
      for (const name of pages) {
        await page.goto(`${product.url}/#/settings/${name}`);
        await page.getByRole('link', { name: 'Texts', exact: true }).waitFor();
        await page.locator('.bone').first().waitFor({ state: 'detached' });
        await check(`settings: ${name}`);
      }
      await page.goto(`${product.url}/#/settings/texts`);
      await page.getByRole('switch', { name: 'Shorten links' }).click();
      await page.getByRole('button', { name: '1 change not saved' }).click();
      await check('changes not saved');
      await page.getByRole('link', { name: 'Keywords', exact: true }).click();
      await check('leave without saving');
      await page.getByRole('button', { name: 'Leave without saving' }).click();
      await page.goto(`${product.url}/#/ledger`);
      await page.getByRole('table').waitFor();
      await check('ledger');
      await context.close();
    });
  }
}
