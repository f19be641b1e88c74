// The console in the language of whoever works with it: switched while they work, kept for them, and nothing runs over.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATIENCE, Phone, Product, call, launch, signIn, violations } from '../product.mjs';

let product, browser, phone;

before(async () => {
  product = await Product.start();
  browser = await launch();
  const customer = await browser.newPage();
  await customer.goto(`${product.url}/sandbox`);
  phone = new Phone(customer);
  await phone.text('JOIN');
  await phone.gets('you are subscribed');
  await phone.text('Where is my order?');
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

async function open(options = {}) {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', ...options })).newPage();
  page.setDefaultTimeout(PATIENCE);
  return page;
}

const languageOf = (page) => page.evaluate(() => document.documentElement.lang);
const tickets = (page) => page.getByRole('list', { name: 'Tickets' });

test('before anybody is known the browser says which language', async () => {
  const page = await open({ locale: 'fr-CA' });
  await page.goto(product.url);
  await page.getByRole('button', { name: 'Se connecter', exact: true }).waitFor();
  assert.equal(await languageOf(page), 'fr');
  assert.deepEqual(await violations(page), []);
  const other = await open({ locale: 'ja-JP' });
  await other.goto(product.url);
  await other.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  assert.equal(await languageOf(other), 'en');
});

test('an agent switches to German in the middle of their work, and goes on in it', async () => {
  const page = await open();
  await signIn(page, product.url);
  await page.goto(`${product.url}/#/inbox/all`);
  await tickets(page).getByRole('link').first().click();
  await page.getByRole('textbox', { name: 'Reply' }).fill('Ihre Bestellung kommt am Freitag.');
  await page.getByRole('button', { name: /^Account:/ }).click();
  await page.getByRole('menuitem', { name: 'Preferences' }).click();
  await page.getByLabel('Language').selectOption('de');
  const preferences = page.getByRole('dialog', { name: 'Eigene Einstellungen' });
  await preferences.waitFor();
  assert.equal(await languageOf(page), 'de');
  assert.deepEqual(await violations(page), []);
  await preferences.getByRole('button', { name: 'Schließen' }).click();
  const reply = page.getByRole('textbox', { name: 'Antworten' });
  assert.equal(await reply.inputValue(), 'Ihre Bestellung kommt am Freitag.', 'switching costs no word');
  await page.getByRole('heading', { name: 'Alle Tickets' }).waitFor();
  await page.getByRole('button', { name: 'Senden', exact: true }).click();
  await phone.gets('Ihre Bestellung kommt am Freitag.');
  await page.getByRole('button', { name: 'Status: Offen' }).click();
  await page.getByRole('menuitem', { name: 'Schließen' }).click();
  await page.getByText('Ticket geschlossen').waitFor();
  await page.getByRole('button', { name: 'Status: Geschlossen' }).waitFor();
  const opened = page.getByRole('complementary', { name: 'Details' }).locator('dt', { hasText: 'Eröffnet' }).locator('xpath=following-sibling::dd');
  assert.match(await opened.textContent(), /^\d{2}\.\d{2}\.\d{4}, \d{2}:\d{2}$/);
  assert.deepEqual(await violations(page), []);

  await page.reload();
  await page.getByRole('button', { name: 'Status: Geschlossen' }).waitFor();
  assert.equal(await languageOf(page), 'de');

  const elsewhere = await open();
  await signIn(elsewhere, product.url);
  await elsewhere.getByRole('button', { name: /^Konto:/ }).waitFor();

  await page.getByRole('button', { name: /^Konto:/ }).click();
  await page.getByRole('menuitem', { name: 'Abmelden' }).click();
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  assert.equal(await languageOf(page), 'en', 'the next one is not spoken to in German');
});

/** What sticks out of the screen to a side, unless it lies in something that scrolls or cuts. */
const sticksOut = (page) =>
  page.evaluate(() => {
    const held = (element) => {
      for (let at = element.parentElement; at; at = at.parentElement) if (getComputedStyle(at).overflowX !== 'visible') return at !== document.body;
      return false;
    };
    const out = [...document.querySelectorAll('body *')].filter((one) => (one.getBoundingClientRect().right > innerWidth + 1 || one.getBoundingClientRect().left < -1) && one.getClientRects().length > 0 && !held(one));
    const wide = document.documentElement.scrollWidth > innerWidth ? [`the page is ${document.documentElement.scrollWidth} wide`] : [];
    return [...wide, ...out.map((one) => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 40)}`)];
  });

/** Buttons and labels whose words do not fit into them; the bar below shows its words whole. */
const cut = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('button, .pill, label, h1, h2, th, nav .short')]
      .filter((one) => one.clientWidth > 1 && one.scrollWidth > one.clientWidth + 1)
      .filter((one) => one.matches('.short') || (getComputedStyle(one).textOverflow !== 'ellipsis' && getComputedStyle(one).overflowX === 'visible'))
      .map((one) => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 40)}`),
  );

const screens = ['organization', 'numbers', 'keywords', 'auto-responder', 'texts', 'mailboxes', 'answers', 'chat', 'quick-responses', 'coupons', 'tags', 'notifications', 'teams', 'rules', 'people', 'keys', 'webhooks', 'account', 'privacy', 'audit'];

for (const colorScheme of ['light', 'dark']) {
  test(`German has room on a phone, ${colorScheme}`, async () => {
    const page = await open({ viewport: { width: 390, height: 844 }, locale: 'de-DE', colorScheme });
    const check = async (what) => {
      assert.deepEqual(await sticksOut(page), [], what);
      assert.deepEqual(await cut(page), [], what);
      assert.deepEqual(await violations(page), [], what);
    };
    await page.goto(product.url);
    await page.getByRole('button', { name: 'Anmelden', exact: true }).waitFor();
    await check('sign-in');
    await page.getByLabel('E-Mail').fill('owner@acme.example');
    await page.getByLabel('Passwort').fill('correct horse battery staple');
    await page.getByRole('button', { name: 'Anmelden', exact: true }).click();
    await page.getByRole('button', { name: /^Konto:/ }).waitFor();
    await page.goto(`${product.url}/#/inbox/all`);
    await tickets(page).getByRole('link').first().waitFor();
    await check('inbox');
    await tickets(page).getByRole('link').first().click();
    await page.getByRole('textbox', { name: 'Antworten' }).fill('Schönen Gruß – bis bald 😀');
    await page.getByRole('note', { name: 'Zeichen außerhalb des einfachen Alphabets' }).waitFor();
    await check('ticket');
    await page.getByRole('button', { name: 'Andere Arten zu senden' }).click();
    await check('ways to send');
    await page.keyboard.press('Escape');
    for (const name of screens) {
      await page.goto(`${product.url}/#/settings/${name}`);
      await page.getByRole('link', { name: 'Schlüsselwörter', exact: true }).waitFor();
      await page.locator('.bone').first().waitFor({ state: 'detached' });
      await check(name);
    }
  });
}

test('the longest words of French stay in their boxes beside the details', async () => {
  const page = await open({ viewport: { width: 1280, height: 800 } });
  await signIn(page, product.url);
  await call(page, 'PATCH', '/preferences', { language: 'fr' });
  await page.reload();
  await page.getByRole('button', { name: /^Compte/ }).waitFor();
  await page.goto(`${product.url}/#/inbox/all`);
  await tickets(page).getByRole('link').first().click();
  await page.getByRole('textbox', { name: 'Répondre' }).fill('Ça arrive – bientôt 😀');
  await page.getByRole('note', { name: 'Caractères hors de l’alphabet simple' }).waitFor();
  const out = await page.evaluate(() => {
    const box = document.querySelector('.composer .box').getBoundingClientRect();
    return [...document.querySelectorAll('.composer .box *')].filter((one) => one.getBoundingClientRect().right > box.right + 1).map((one) => one.textContent.trim());
  });
  assert.deepEqual(out, []);
});
