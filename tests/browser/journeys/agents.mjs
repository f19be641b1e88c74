// Agents at work: a queue by keyboard alone, two who answer at once, and a console whose line is cut for a second, for a
// minute and for longer than anything is replayed.
import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../chat.mjs';
import { Line, PASSWORD, PATIENCE, Product, call, launch, signIn } from '../product.mjs';

const QUEUE = 20;
/** Longer than the console waits for a sign of life; a whole minute takes too long for every day. */
const MINUTE = process.env.TEST_LONG === '1' ? 60_000 : 6_000;
let product, line, browser, kim, lee;

before(async () => {
  product = await Product.start();
  line = await Line.to(product);
  browser = await launch();
  kim = await agent();
  const colleague = { email: 'lee@acme.example', name: 'Lee', role: 'support', password: PASSWORD };
  await call(kim, 'POST', '/users', colleague);
  lee = await agent(colleague.email);
  for (let n = 0; n < QUEUE; n++) await mail(n, `Question ${n}`, `Where is order ${1000 + n}?`);
  await until(async () => (await count('status=open')) === QUEUE, 'the mails are tickets');
});

after(async () => {
  await browser?.close();
  await line?.stop();
  await product?.remove();
});

async function agent(email) {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.setDefaultTimeout(PATIENCE);
  await signIn(page, product.url, email);
  return page;
}

async function mail(n, subject, text) {
  const written = { from: `customer${n}@kunde.example`, to: 'support@acme.example', subject, text };
  const sent = await fetch(`${product.url}/sandbox/api/mails`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(written),
  });
  assert.ok(sent.ok, `${sent.status} ${await sent.text()}`);
}

const count = async (query) => (await call(kim, 'GET', `/tickets/count?${query}`)).count;
const rows = (page) => page.getByRole('list', { name: 'Tickets' }).getByRole('link');
const reply = (page) => page.getByRole('textbox', { name: 'Reply' });
const open = async (page, address, url = product.url) => {
  await page.goto(`${url}/#/inbox/${address}`);
  await rows(page).first().waitFor();
};

test(`${QUEUE} tickets are taken, answered and closed by keyboard alone`, async () => {
  await open(kim, 'unassigned?sort=waiting');
  const press = async (...keys) => {
    for (const key of keys) await kim.keyboard.press(key);
  };
  for (let left = QUEUE; left > 0; left--) {
    await kim.waitForFunction((left) => document.querySelectorAll('[data-ticket]').length === left, left);
    await press('j', 'Enter');
    await reply(kim).waitFor();
    await press('a');
    await kim.getByLabel('Assignee').and(kim.locator('select')).filter({ has: kim.locator('option:checked', { hasText: 'Owner' }) }).waitFor();
    await press('r');
    await kim.waitForFunction(() => document.activeElement?.id === 'reply');
    await kim.keyboard.type(`It is on its way (${left}).`);
    await press('Control+Enter');
    await kim.getByRole('log', { name: 'Conversation' }).getByText(`It is on its way (${left}).`).waitFor();
    await press('Escape', 'e');
    await kim.getByRole('button', { name: 'Status: Closed' }).waitFor();
    await press('Escape');
  }
  assert.deepEqual([await count('status=closed&assignee=me'), await count('status=open')], [QUEUE, 0]);
  const closed = (await call(kim, 'GET', '/tickets?status=closed&limit=200')).data;
  for (const { id } of closed) {
    const said = (await call(kim, 'GET', `/tickets/${id}/messages`)).data.filter((one) => one.direction === 'out');
    assert.equal(said.length, 1, 'each was answered once');
  }
});

test('two agents answer at once: the second is asked, with both texts in view, and decides', async () => {
  await mail(50, 'Two at once', 'Can I have it in blue?');
  await until(async () => (await count('status=open')) === 1, 'the mail is a ticket');
  const ticket = (await call(kim, 'GET', '/tickets?status=open')).data[0];
  // Lee's console hears nothing of others, as on a line that lets calls through and no streams.
  await lee.route('**/api/v1/live*', (route) => route.abort());
  for (const page of [kim, lee]) {
    await page.goto(`${product.url}/#/tickets/${ticket.id}`);
    await page.reload();
    await reply(page).waitFor();
  }
  await reply(lee).fill('No, sorry.');
  await reply(kim).fill('Yes, of course!');
  await kim.getByRole('button', { name: 'Send', exact: true }).click();
  await until(async () => (await sent(ticket)).includes('Yes, of course!'), 'the first answer is at the desk');
  await lee.getByRole('button', { name: 'Send', exact: true }).click();
  const asked = lee.getByRole('dialog', { name: 'A colleague answered while you were writing' });
  await asked.getByText('Yes, of course!').waitFor();
  await asked.getByText('No, sorry.').waitFor();
  assert.deepEqual(await sent(ticket), ['Yes, of course!'], 'nothing left before the decision');
  await asked.getByRole('button', { name: 'Keep editing' }).click();
  assert.equal(await reply(lee).inputValue(), 'No, sorry.', 'and nothing written is lost');
  await reply(lee).fill('In light blue, too.');
  await lee.getByRole('button', { name: 'Send', exact: true }).click();
  await until(async () => (await sent(ticket)).length === 2, 'what was decided is sent');
  assert.deepEqual(await sent(ticket), ['Yes, of course!', 'In light blue, too.']);
  await lee.unroute('**/api/v1/live*');
});

const sent = async ({ id }) =>
  (await call(kim, 'GET', `/tickets/${id}/messages`)).data.filter((one) => one.direction === 'out').map((one) => one.text);

/** What a page shows: the list row by row, the conversation word by word. */
const shown = (page) =>
  page.evaluate(() => ({
    rows: [...document.querySelectorAll('[data-ticket]')].map((row) => `${row.dataset.ticket} ${row.querySelector('.dot') ? 'unread' : ''}`),
    said: [...document.querySelectorAll('[role=log] article')].map((article) => article.textContent.replace(/\s+/g, ' ')),
  }));

let turns = 0;

/** The line of one console is cut, things happen, and afterwards it shows what a console shows that was just opened. */
async function equalAfter(meanwhile) {
  const ticket = (await call(kim, 'GET', '/tickets?status=open')).data[0];
  await open(lee, 'all', line.url);
  await lee.goto(`${line.url}/#/tickets/${ticket.id}`);
  await reply(lee).waitFor();
  line.cut();
  turns += 1;
  await mail(60 + turns, `Meanwhile ${turns}`, 'Something new');
  await call(kim, 'POST', `/tickets/${ticket.id}/messages`, { text: `Said meanwhile ${turns}` });
  await call(kim, 'PATCH', `/tickets/${ticket.id}`, { tags: [`turn${turns}`] });
  await meanwhile();
  assert.equal(await lee.getByText(`Said meanwhile ${turns}`).count(), 0, 'the line is cut');
  line.mend();
  const fresh = await lee.context().newPage();
  fresh.setDefaultTimeout(PATIENCE);
  await fresh.goto(lee.url());
  await fresh.getByRole('log', { name: 'Conversation' }).getByText(`Said meanwhile ${turns}`).waitFor();
  await until(async () => {
    const [one, other] = [await shown(lee), await shown(fresh)];
    return JSON.stringify(one) === JSON.stringify(other) || [one, other];
  }, 'both consoles show the same');
  assert.match((await shown(fresh)).said.at(-1), new RegExp(`Said meanwhile ${turns}`));
  await fresh.close();
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('offline for a second, the console then shows what a fresh one shows', () => equalAfter(() => pause(1_000)));

test(`offline for ${MINUTE / 1000} seconds, the same`, () => equalAfter(() => pause(MINUTE)));

test('offline for longer than anything is replayed, the same', () =>
  equalAfter(async () => {
    await pause(1_000);
    assert.equal(await product.stop(), 0);
    for (const file of readdirSync(product.folder)) if (file.startsWith('bus.db')) rmSync(join(product.folder, file));
    await product.start();
  }));
