// J2 in the console: a team, rules with a trial, their order by keyboard, a ticket that finds its person, and being away.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATIENCE, Phone, Product, launch, signIn, violations } from '../product.mjs';

const KEY = 'a key for the door of mails';
let product, browser, agent, phone;

before(async () => {
  product = await Product.start({ env: { FRONTDESK_EMAIL__WEBHOOK_KEY: KEY } });
  browser = await launch();
  agent = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  const customer = await (await browser.newContext({ viewport: { width: 1440, height: 1000 } })).newPage();
  for (const page of [agent, customer]) page.setDefaultTimeout(PATIENCE);
  await signIn(agent, product.url);
  await customer.goto(`${product.url}/sandbox`);
  phone = new Phone(customer);
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

const openSettings = (page) => agent.goto(`${product.url}/#/settings/${page}`);
const rules = () => agent.getByRole('list', { name: 'Rules' }).getByRole('listitem');
const dialog = () => agent.getByRole('dialog');

test('J2: a team is made in the settings', async () => {
  await phone.text('I want a refund for order 1042');
  await openSettings('teams');
  await agent.getByRole('button', { name: 'New team' }).click();
  await dialog().getByLabel('Name').fill('Returns');
  await dialog().getByRole('checkbox').first().check();
  await dialog().getByRole('button', { name: 'Save' }).click();
  await agent.getByRole('list', { name: 'Teams' }).getByText('Returns').waitFor();
  await agent.getByRole('list', { name: 'Who is there' }).getByText('Available').waitFor();
});

test('J2: a rule is tried on what came before it is kept, and says in plain words what it does', async () => {
  await openSettings('rules');
  await agent.getByRole('button', { name: 'New rule' }).click();
  await dialog().getByLabel('Name').fill('Refunds');
  await dialog().getByLabel('Words in the message').fill('refund, money back');
  await dialog().getByLabel('Assign to').selectOption({ label: 'Returns' });
  await dialog().getByLabel('Add tags').fill('refund');
  await dialog().getByLabel('Priority').selectOption('high');
  await dialog().getByRole('button', { name: 'Try on the last 100 tickets' }).click();
  await dialog().getByRole('status').getByText('1 of the newest').waitFor();
  await dialog().getByRole('cell', { name: 'it says “refund”' }).waitFor();
  await dialog().getByRole('button', { name: 'Save' }).click();
  await rules().getByText('that says “refund” or “money back”').waitFor();
  await rules().getByText('give to the team Returns, tag refund, priority high').waitFor();
});

test('J2: what makes no sense is said where it is written', async () => {
  await agent.getByRole('button', { name: 'New rule' }).click();
  await dialog().getByLabel('Name').fill('Nothing');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await dialog().getByRole('alert').getByText('1 to 10 things').waitFor();
  await dialog().getByLabel('Mark as read').check();
  await dialog().getByRole('button', { name: 'Save' }).click();
  await rules().getByText('mark as read').waitFor();
});

test('J2: rules are put in order by keyboard', async () => {
  await agent.getByRole('button', { name: 'Move Nothing: arrow keys' }).press('ArrowUp');
  await agent.getByText('Nothing is number 1 of 2').waitFor({ state: 'attached' });
  await agent.waitForFunction(async () => {
    const answer = await fetch('/api/v1/rules');
    return (await answer.json()).data[0].name === 'Nothing';
  });
  await agent.getByRole('switch', { name: 'Nothing is on' }).uncheck();
});

/** A mail comes in over HTTP. */
async function receive(subject, words) {
  const head = ['From: Anna Lee <anna@customer.example>', 'To: support@acme.example', `Subject: ${subject}`,
    `Message-ID: <${subject}@customer.example>`, 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8'];
  const answer = await fetch(`${product.url}/webhooks/email?rcpt=support@in.acme.example`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'message/rfc822' },
    body: `${head.join('\r\n')}\r\n\r\n${words}\r\n`,
  });
  assert.equal(answer.status, 202, await answer.text());
}

test('J2: the next ticket finds its person at once, and says by which rule', async () => {
  await agent.goto(`${product.url}/#/inbox/mine`);
  await receive('1043', 'I want my MONEY BACK.');
  const row = agent.getByRole('list', { name: 'Tickets' }).getByRole('link').filter({ hasText: '1043' });
  await row.getByText('High').waitFor();
  await row.getByText('Returns').waitFor();
  await row.click();
  const decided = agent.getByRole('region', { name: 'What rules did' });
  await decided.getByText('of the team Returns').waitFor();
  await decided.getByText('by the rule Refunds').waitFor();
  await agent.goto(`${product.url}/#/inbox/all`);
  await agent.getByRole('button', { name: 'More' }).click();
  await agent.getByLabel('Filter by team').selectOption({ label: 'Returns' });
  await agent.waitForURL(/team=/);
  await row.waitFor();
  await agent.getByLabel('Filter by team').selectOption({ label: 'No team' });
  await row.waitFor({ state: 'detached' });
  await agent.goto(`${product.url}/#/inbox/mine`);
  await row.click();
  await agent.getByLabel('Priority').selectOption('urgent');
  await row.getByText('Urgent').waitFor();
  await agent.getByLabel('Assignee').selectOption({ label: 'No team' });
  await row.getByText('Returns').waitFor({ state: 'detached' });
});

test('J2: away lasts until one says otherwise', async () => {
  await agent.getByRole('button', { name: /^Account/ }).click();
  await agent.getByRole('menuitemcheckbox', { name: /Available/ }).click();
  await agent.getByRole('menuitemcheckbox', { name: /Away/ }).waitFor();
  await agent.reload();
  await agent.getByRole('button', { name: /^Account/ }).click();
  await agent.getByRole('menuitemcheckbox', { name: /Away/ }).click();
  await agent.getByRole('menuitemcheckbox', { name: /Available/ }).waitFor();
});

test('every screen of routing is accessible', async () => {
  for (const page of ['teams', 'rules']) {
    await openSettings(page);
    await agent.getByRole('heading', { level: 2 }).first().waitFor();
    assert.deepEqual(await violations(agent), [], page);
  }
  await agent.getByRole('button', { name: 'Change Refunds' }).click();
  await dialog().getByRole('button', { name: 'Try on the last 100 tickets' }).click();
  await dialog().getByRole('status').waitFor();
  assert.deepEqual(await violations(agent), [], 'the editor');
});
