// What is written is not lost, what was sent can be taken back, and a ticket is done with its answer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATIENCE, Phone, Product, call, launch, signIn, violations } from '../product.mjs';

let product, browser, agent, phone;

before(async () => {
  product = await Product.start({ undoSeconds: 8 });
  browser = await launch();
  const customer = await browser.newPage();
  await customer.goto(`${product.url}/sandbox`);
  phone = new Phone(customer);
  await phone.text('JOIN');
  await phone.gets('you are subscribed');
  await phone.text('Where is my order?');
  agent = await page(1440, 900);
  await agent.goto(`${product.url}/#/inbox/all`);
  await agent.getByRole('list', { name: 'Tickets' }).getByRole('link').first().click();
  await reply().waitFor();
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

async function page(width, height) {
  const page = await (await browser.newContext({ viewport: { width, height } })).newPage();
  page.setDefaultTimeout(PATIENCE);
  await signIn(page, product.url);
  return page;
}

const reply = (page = agent) => page.getByRole('textbox', { name: 'Reply' });
const said = (text) => agent.getByRole('log').getByText(text, { exact: true });
const draft = (page = agent) => call(page, 'GET', `/tickets/${page.url().split('/').pop()}/draft`);

/** Waits until the server has these words. */
async function kept(text) {
  for (let tries = 0; tries < 300; tries++) {
    if ((await draft()).text === text) return;
    await agent.waitForTimeout(100);
  }
  assert.fail(`the server has ${JSON.stringify(await draft())}`);
}

test('a draft is there after a reload, on another device, and in the list', async () => {
  await reply().fill('It is on its');
  await kept('It is on its');
  await phone.text('Hello?');
  await said('Hello?').waitFor();
  assert.equal(await reply().inputValue(), 'It is on its', 'a message of the customer does not touch it');
  await agent.reload();
  await agent.waitForFunction(() => document.getElementById('reply')?.value === 'It is on its');
  const mobile = await page(390, 844);
  await mobile.goto(`${product.url}/#/inbox/all`);
  await mobile.getByRole('list', { name: 'Tickets' }).getByText('Draft', { exact: true }).waitFor();
  assert.deepEqual(await violations(mobile), []);
  await mobile.goto(agent.url());
  await mobile.waitForFunction(() => document.getElementById('reply')?.value === 'It is on its');
  await reply(mobile).fill('Written on the phone');
  for (let tries = 0; tries < 300 && (await draft(mobile)).text !== 'Written on the phone'; tries++) await mobile.waitForTimeout(100);
  await reply().fill('It is on its way');
  await agent.getByText('You also wrote this on another device').waitFor();
  await agent.getByRole('status').getByText('Written on the phone').waitFor();
  assert.deepEqual(await violations(agent), []);
  await agent.getByRole('button', { name: 'Keep mine' }).click();
  assert.equal(await reply().inputValue(), 'It is on its way');
  await mobile.close();
});

test('what was typed while the server was away is there afterwards', async () => {
  await product.kill();
  await reply().fill('typed in the tunnel');
  await product.start();
  await kept('typed in the tunnel');
});

test('an answer can be taken back, and stands in the composer again', async () => {
  await reply().fill('A mistake');
  await reply().press('Control+Enter');
  await said('A mistake').waitFor();
  const article = agent.getByRole('article').filter({ hasText: 'A mistake' });
  assert.deepEqual(await violations(agent), []);
  await article.getByRole('button', { name: 'Undo' }).click();
  await agent.waitForFunction(() => document.getElementById('reply')?.value === 'A mistake');
  await said('A mistake').waitFor({ state: 'detached' });
  await agent.reload();
  await agent.waitForFunction(() => document.getElementById('reply')?.value === 'A mistake');
});

test('a closed tab and a killed server lose no answer that waits, and send none twice', async () => {
  await reply().fill('This one goes');
  await reply().press('Control+Enter');
  await agent.getByRole('article').filter({ hasText: 'This one goes' }).getByRole('button', { name: 'Undo' }).waitFor();
  const url = agent.url();
  await agent.goto('about:blank');
  await product.kill();
  await product.start();
  await phone.gets('This one goes');
  await agent.goto(url);
  await reply().waitFor();
  assert.equal((await draft()).text, '');
  await agent.getByRole('article').filter({ hasText: 'This one goes' }).getByText(/Sent|Delivered/).waitFor();
  assert.equal(await phone.region.getByText('This one goes').count(), 1);
  assert.equal(await phone.region.getByText('A mistake').count(), 0);
});

test('G1: an answer closes its ticket or snoozes it, by key or by menu; undo opens it again', async () => {
  const status = (word) => agent.getByRole('button', { name: `Status: ${word}` });
  await reply().fill('Done, bye');
  await reply().press('Control+Shift+Enter');
  await status('Closed').waitFor();
  await agent.getByRole('article').filter({ hasText: 'Done, bye' }).getByRole('button', { name: 'Undo' }).click();
  await status('Open').waitFor();
  await agent.waitForFunction(() => document.getElementById('reply')?.value === 'Done, bye');
  await agent.getByRole('button', { name: 'Other ways to send' }).click();
  await agent.getByRole('menuitem', { name: /Send and snooze/ }).click();
  assert.deepEqual(await violations(agent), []);
  await agent.getByRole('menuitem', { name: /In a week/ }).click();
  await status('Snoozed').waitFor();
  await phone.gets('Done, bye');
  await phone.text('Thanks');
  await status('Open').waitFor();
});

test('an answer that does not get out stands in one place, and comes back once', async () => {
  await reply().fill('Into the dark');
  await kept('Into the dark');
  const ticket = agent.url();
  await agent.route('**/messages', (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()));
  await reply().press('Control+Enter');
  const failed = agent.getByRole('article', { name: 'Not sent' });
  await failed.waitFor();
  await agent.goto(`${product.url}/#/inbox/all`);
  const asked = agent.waitForResponse((response) => response.url().endsWith('/draft'));
  await agent.goto(ticket);
  await failed.waitFor();
  await (await asked).finished();
  assert.equal(await reply().inputValue(), '');
  await agent.unroute('**/messages');
  await failed.getByRole('button', { name: 'Edit' }).click();
  assert.equal(await reply().inputValue(), 'Into the dark');
  await failed.waitFor({ state: 'detached' });
});

test('what is typed while an answer is taken back is kept behind it', async () => {
  await reply().fill('Too early');
  await reply().press('Control+Enter');
  const article = agent.getByRole('article').filter({ hasText: 'Too early' });
  await article.getByRole('button', { name: 'Undo' }).waitFor();
  await agent.route('**/undo', async (route) => {
    const answer = await route.fetch();
    await reply().fill('typed meanwhile');
    await route.fulfill({ response: answer });
  });
  await article.getByRole('button', { name: 'Undo' }).click();
  await agent.waitForFunction(() => document.getElementById('reply').value === 'Too early\ntyped meanwhile');
  await kept('Too early\ntyped meanwhile');
  await agent.unroute('**/undo');
});

test('a draft does not stay in the browser behind its writer', async () => {
  await reply().fill('for this customer only');
  await kept('for this customer only');
  const shared = await page(1200, 800);
  await shared.goto(agent.url());
  await shared.waitForFunction(() => document.getElementById('reply')?.value === 'for this customer only');
  await shared.getByRole('button', { name: /^Account:/ }).click();
  await shared.getByRole('menuitem', { name: 'Sign out' }).click();
  await shared.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  const left = await shared.evaluate(() => JSON.stringify(Object.entries(localStorage)));
  assert.ok(!left.includes('for this customer only'), left);
});

test('the settings menu is reached to its end on a low screen', async () => {
  const low = await page(1200, 560);
  await low.goto(`${product.url}/#/settings/organization`);
  const last = low.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Audit log' });
  await last.waitFor();
  await last.scrollIntoViewIfNeeded();
  const box = await last.boundingBox();
  assert.ok(box.y + box.height <= 560, JSON.stringify(box));
  assert.equal(await low.locator('main').evaluate((main) => main.scrollTop), 0, 'the menu scrolls by itself');
});

test('D5: a coupon is made, chosen behind the slash, and handed out once', async () => {
  const ticket = agent.url();
  await agent.goto(`${product.url}/#/settings/coupons`);
  await agent.getByText('No coupons', { exact: true }).waitFor();
  await agent.getByRole('button', { name: 'Add' }).click();
  await agent.getByLabel('Name').fill('Sorry');
  await agent.getByRole('radio', { name: /One for each customer/ }).check();
  assert.deepEqual(await violations(agent), []);
  await agent.getByRole('button', { name: 'Save' }).click();
  await agent.getByRole('button', { name: 'Add codes to Sorry' }).click();
  await agent.getByRole('textbox', { name: 'Codes' }).fill('S-1\nS-2');
  await agent.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click();
  await agent.getByRole('list', { name: 'Coupons' }).getByText('2 codes left').waitFor();
  assert.deepEqual(await violations(agent), []);
  await agent.goto(ticket);
  await reply().fill('');
  await reply().press('/');
  await reply().pressSequentially('sorry');
  await agent.getByRole('option', { name: /Coupon Sorry/ }).waitFor();
  await reply().press('Enter');
  await agent.waitForFunction(() => document.getElementById('reply').value.includes('{{coupon:Sorry}}'));
  await reply().press('Control+Enter');
  await phone.gets('S-1');
  await agent.goto(`${product.url}/#/settings/coupons`);
  await agent.getByRole('list', { name: 'Coupons' }).getByText('1 code left').waitFor();
  await agent.getByRole('button', { name: 'Who got Sorry' }).click();
  await agent.getByRole('dialog').getByText('S-1').waitFor();
  assert.deepEqual(await violations(agent), []);
});
