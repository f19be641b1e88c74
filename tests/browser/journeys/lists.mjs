// Lists: filters in the address, views of one's own and shared, many tickets at once with undo, and search.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATIENCE, Product, call, launch, signIn, violations } from '../product.mjs';

const MANY = 130;
let product, browser, agent, colleague;

before(async () => {
  product = await Product.start();
  browser = await launch();
  agent = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  colleague = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  for (const page of [agent, colleague]) page.setDefaultTimeout(PATIENCE);
  const places = await (await fetch(`${product.url}/sandbox/api/places`)).json();
  for (let n = 0; n < MANY; n++) {
    const text = n === 7 ? 'Wo bleibt mein Päckchen, <b>bitte</b>?' : `Where is order ${1000 + n}?`;
    const sent = await fetch(`${product.url}/sandbox/api/texts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ from: `+1555010${String(n).padStart(4, '0')}`, to: places.numbers?.[0] ?? '+15550001111', text }),
    });
    assert.ok(sent.ok, `${sent.status} ${await sent.text()}`);
  }
  for (const page of [agent, colleague]) await signIn(page, product.url);
  for (let left = 240; (await call(agent, 'GET', '/tickets/count')).count < MANY; left--) {
    assert.ok(left > 0, 'the texts became tickets');
    await agent.waitForTimeout(250);
  }
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

const list = (page = agent) => page.getByRole('list', { name: 'Tickets' });
const rows = (page = agent) => list(page).getByRole('link');
const work = () => agent.getByRole('status', { name: 'Change of many tickets' });
const open = async (address, page = agent) => {
  await page.goto(`${product.url}/#/inbox/${address}`);
  await rows(page).first().waitFor();
};

test('E5: filters are in the address, and a link to them shows the same', async () => {
  await open('all');
  await agent.getByLabel('Filter by unread').selectOption('Unread');
  await agent.getByLabel('Filter by assignee').selectOption('Nobody');
  await agent.getByLabel('Sort by').selectOption('Longest waiting');
  assert.match(agent.url(), /#\/inbox\/all\?assignee=none&unread=true&sort=waiting$/);
  await rows().first().getByText('order 1000').waitFor();
  await colleague.goto(agent.url());
  await rows(colleague).first().getByText('order 1000').waitFor();
  assert.equal(await colleague.getByLabel('Filter by unread').inputValue(), 'true');
});

test('E4: filters become a view, with a count; everybody sees a shared one at once; gone, it leads to all', async () => {
  await agent.getByRole('button', { name: 'Save view…' }).click();
  await agent.getByLabel('Name').fill('Nobody answered');
  await agent.getByLabel('Everybody sees it').check();
  await agent.getByRole('button', { name: 'Save', exact: true }).click();
  await agent.getByRole('heading', { name: 'Nobody answered' }).waitFor();
  const link = (page) => page.getByRole('link', { name: /Nobody answered/ });
  await link(agent).getByText(String(MANY)).waitFor();
  await link(colleague).click();
  await colleague.getByRole('heading', { name: 'Nobody answered' }).waitFor();
  await agent.getByRole('button', { name: 'This view' }).click();
  await agent.getByRole('menuitem', { name: 'Delete…' }).click();
  await agent.getByRole('button', { name: 'Delete', exact: true }).click();
  await link(colleague).waitFor({ state: 'detached' });
  await colleague.getByRole('heading', { name: 'All tickets' }).waitFor();
});

test('E6: all that match are closed, with progress, and it is undone', async () => {
  await open('all');
  await rows().first().focus();
  await agent.keyboard.press('x');
  await agent.getByText('1 selected').waitFor();
  await agent.keyboard.press('j');
  await agent.keyboard.press('j');
  await agent.keyboard.press('Shift+X');
  await agent.getByText('3 selected').waitFor();
  await agent.getByLabel('Select all on the screen').check();
  await agent.getByRole('button', { name: `Select all ${MANY} that match` }).click();
  await agent.getByText(`${MANY} selected`).waitFor();
  assert.deepEqual(await violations(agent), []);
  await agent.getByRole('toolbar', { name: 'Selected tickets' }).getByRole('button', { name: 'Close', exact: true }).click();
  await work().getByText(`${MANY} tickets closed`).waitFor();
  assert.deepEqual(await violations(agent), []);
  assert.equal((await call(agent, 'GET', '/tickets/count?status=closed')).count, MANY);
  await work().getByRole('button', { name: 'Undo' }).click();
  await work().getByText(`Undone: ${MANY} tickets as before`).waitFor();
  assert.equal((await call(agent, 'GET', '/tickets/count?status=open')).count, MANY);
  await work().getByRole('button', { name: 'Dismiss' }).click();
});

test('search: words are found and shown where they are, never as markup; operators; help where nothing is found', async () => {
  await open('all');
  await agent.keyboard.press('/');
  await agent.keyboard.type('packchen');
  await agent.waitForFunction(() => document.querySelectorAll('[data-ticket]').length === 1);
  assert.equal(await list().locator('mark').first().textContent(), 'Päckchen');
  await rows().first().getByText('<b>bitte</b>').waitFor();
  await agent.locator('#search').fill('is:closed');
  await agent.getByRole('heading', { name: 'Nothing found' }).waitFor();
  await agent.locator('#search').fill('is:purple');
  await agent.getByRole('heading', { name: 'Not understood' }).waitFor();
  assert.deepEqual(await violations(agent), []);
  await agent.locator('#search').fill('from:0100007 is:unread');
  await agent.waitForFunction(() => document.querySelectorAll('[data-ticket]').length === 1);
});
