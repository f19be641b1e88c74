// Everything by name or key, keys of one's own, and colleagues in sight.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATIENCE, Phone, Product, call, launch, signIn, violations } from '../product.mjs';

let product, browser, agent, phone;

before(async () => {
  product = await Product.start();
  browser = await launch();
  const customer = await browser.newPage();
  await customer.goto(`${product.url}/sandbox`);
  phone = new Phone(customer);
  await phone.text('JOIN');
  await phone.gets('you are subscribed');
  await phone.text('Where is my order?');
  agent = await page(1440, 900);
  await call(agent, 'POST', '/users', { email: 'maya@acme.example', name: 'Maya Lee', role: 'support', password: 'a password of Maya' });
  await call(agent, 'POST', '/tags', { name: 'refund', colour: 'blue' });
  await agent.reload();
  await agent.getByRole('list', { name: 'Tickets' }).waitFor();
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

async function page(width, height, ...who) {
  const page = await (await browser.newContext({ viewport: { width, height } })).newPage();
  page.setDefaultTimeout(PATIENCE);
  await signIn(page, product.url, ...who);
  return page;
}

const bar = (page = agent) => page.getByRole('combobox', { name: 'What do you want to do?' });

async function command(words, page = agent) {
  await page.keyboard.press('Control+k');
  await bar(page).fill(words);
}

/** Waits until the chosen one is this, and runs it. */
async function run(name) {
  await agent.locator('[role=option][aria-selected=true]').filter({ hasText: name }).waitFor();
  await agent.keyboard.press('Enter');
  await bar().waitFor({ state: 'detached' });
}

test('the command bar goes anywhere', async () => {
  await command('all tick');
  assert.deepEqual(await violations(agent), []);
  await run('Go to All tickets');
  await agent.waitForURL(/#\/inbox\/all/);
  await agent.getByRole('list', { name: 'Tickets' }).getByRole('link').first().waitFor();
  const { data } = await call(agent, 'GET', '/tickets');
  await command(`#${data[0].number}`);
  await run(`#${data[0].number}`);
  await agent.waitForURL(new RegExp(`#/tickets/${data[0].id}`));
  await agent.getByRole('textbox', { name: 'Reply' }).waitFor();
  await command('qk resp');
  await run('Settings: Quick responses');
  await agent.waitForURL(/#\/settings\/quick-responses/);
  await agent.goBack();
  await agent.getByRole('textbox', { name: 'Reply' }).waitFor();
  await command('nothing is called like this');
  await agent.getByText('Nothing is called that.').waitFor();
  await agent.keyboard.press('Escape');
  await bar().waitFor({ state: 'detached' });
});

test('and does to the open ticket what its screen can', async () => {
  await agent.getByRole('textbox', { name: 'Reply' }).fill('typing');
  await command('assign maya');
  await run('Assign to Maya Lee');
  await agent.getByText('Assigned to Maya Lee').waitFor();
  await command('refund');
  await run('Tag: refund');
  await agent.getByText('Tagged refund').waitFor();
  await command('snooze week');
  await run('Snooze: in a week');
  await agent.getByRole('button', { name: 'Status: Snoozed' }).waitFor();
  assert.equal(await agent.getByRole('textbox', { name: 'Reply' }).inputValue(), 'typing', 'what was written stays');
  await agent.getByRole('textbox', { name: 'Reply' }).fill('');
});

test('keys are changed by whoever wants others, on every device', async () => {
  await agent.locator('body').click({ position: { x: 5, y: 5 } });
  await agent.keyboard.press('Escape');
  await agent.goto(`${product.url}/#/inbox/all`);
  await agent.getByRole('list', { name: 'Tickets' }).getByRole('link').first().waitFor();
  await agent.keyboard.press('?');
  const dialog = agent.getByRole('dialog', { name: 'Keyboard' });
  const change = (name) => dialog.getByRole('button', { name: `Change the key of: ${name}.` });
  await change('Search').click();
  await agent.keyboard.press('e');
  await dialog.getByText('is for: Close the ticket').waitFor();
  await agent.keyboard.press('q');
  await dialog.getByRole('button', { name: 'Change the key of: Search. Now q' }).waitFor();
  assert.deepEqual(await violations(agent), []);
  await agent.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await agent.keyboard.press('q');
  await agent.waitForFunction(() => document.activeElement?.id === 'search');
  await agent.keyboard.press('Escape');
  for (const key of ['g', 'u']) await agent.keyboard.press(key);
  await agent.waitForURL(/#\/inbox\/unassigned/);
  for (let tries = 0; tries < 300 && (await call(agent, 'GET', '/preferences')).keys.search !== 'q'; tries++) await agent.waitForTimeout(100);
  const elsewhere = await page(1440, 900);
  await elsewhere.keyboard.press('q');
  await elsewhere.waitForFunction(() => document.activeElement?.id === 'search');
  await elsewhere.reload();
  await elsewhere.getByRole('list', { name: 'Tickets' }).waitFor();
  await elsewhere.keyboard.press('q');
  await elsewhere.waitForFunction(() => document.activeElement?.id === 'search');
  await elsewhere.close();
});

test('preferences: dense rows at once; the browser is asked for notifications on a click only', async () => {
  const height = () => agent.getByRole('list', { name: 'Tickets' }).getByRole('link').first().evaluate((row) => row.clientHeight);
  await agent.goto(`${product.url}/#/inbox/all`);
  await agent.getByRole('list', { name: 'Tickets' }).getByRole('link').first().waitFor();
  const before = await height();
  await command('preferences');
  await run('Preferences');
  await agent.getByRole('dialog', { name: 'Preferences' }).waitFor();
  assert.deepEqual(await violations(agent), []);
  await agent.getByRole('radio', { name: 'Dense' }).check();
  assert.ok((await height()) < before);
  await agent.keyboard.press('Escape');
});

test('colleagues at the same ticket are in sight, and gone when they leave', async () => {
  await agent.getByRole('list', { name: 'Tickets' }).getByRole('link').first().click();
  await agent.getByRole('textbox', { name: 'Reply' }).waitFor();
  const maya = await page(1440, 900, 'maya@acme.example', 'a password of Maya');
  await maya.goto(agent.url());
  await maya.getByRole('textbox', { name: 'Reply' }).waitFor();
  await agent.locator('header').getByText('Maya Lee is looking at this').waitFor({ state: 'attached' });
  await maya.locator('header').getByText(/is looking at this/).waitFor({ state: 'attached' });
  await maya.getByRole('textbox', { name: 'Reply' }).pressSequentially('I am');
  await agent.locator('header').getByText('Maya Lee is writing').waitFor({ state: 'attached' });
  assert.deepEqual(await violations(agent), []);
  await maya.goto(`${product.url}/#/inbox/all`);
  await agent.locator('header').getByText(/Maya Lee is/).waitFor({ state: 'detached' });
  await maya.close();
});
