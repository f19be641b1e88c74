// Notes that only colleagues see, and answers at hand (H5).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATIENCE, Phone, Product, launch, signIn, violations } from '../product.mjs';

let product, browser, agent, phone;

before(async () => {
  product = await Product.start();
  browser = await launch();
  const customer = await browser.newPage();
  await customer.goto(`${product.url}/sandbox`);
  phone = new Phone(customer);
  await phone.text('JOIN');
  await phone.gets('you are subscribed');
  await phone.text('Can I send it back?');
  agent = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  agent.setDefaultTimeout(PATIENCE);
  await signIn(agent, product.url);
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

const reply = () => agent.getByRole('textbox', { name: 'Reply' });

async function openTicket() {
  await agent.goto(`${product.url}/#/inbox/all`);
  await agent.getByRole('list', { name: 'Tickets' }).getByRole('link').first().click();
  await reply().waitFor();
}

test('H5: an answer at hand is written once, found by a few letters, and filled in', async () => {
  await agent.goto(`${product.url}/#/settings/quick-responses`);
  await agent.getByText('No quick responses', { exact: true }).waitFor();
  await agent.getByRole('button', { name: 'Add' }).click();
  await agent.getByLabel('Title').fill('Returns');
  await agent.getByLabel('Answer').fill('Returns are free, {{coupon}}.');
  await agent.getByRole('button', { name: 'Save' }).click();
  await agent.getByRole('alert').getByText('There is no variable {{coupon}}').waitFor();
  await agent.getByLabel('Answer').fill('Hi {{first_name|there}}, returns are free for 30 days (#{{ticket_number}}).');
  await agent.getByRole('button', { name: 'Save' }).click();
  await agent.getByRole('list', { name: 'Quick responses' }).getByText('Returns', { exact: true }).waitFor();
  assert.deepEqual(await violations(agent), []);
  await openTicket();
  await reply().press('/');
  await reply().pressSequentially('ret');
  await agent.getByRole('option', { name: 'Returns' }).waitFor();
  assert.deepEqual(await violations(agent), []);
  await reply().press('Enter');
  await agent.waitForFunction(() => /^Hi there, returns are free for 30 days \(#\d+\)\.$/.test(document.getElementById('reply').value));
  await reply().press('Control+z');
  assert.equal(await reply().inputValue(), '/ret', 'it can be undone');
  await reply().press('Escape');
  await reply().fill('and/or');
  assert.equal(await agent.getByRole('listbox', { name: 'Quick responses' }).count(), 0);
  await reply().fill('');
});

test('a note reaches colleagues and no customer', async () => {
  await openTicket();
  await agent.getByRole('button', { name: 'Note', exact: true }).click();
  const note = agent.getByRole('textbox', { name: 'Note' });
  await note.fill('Maya knows this customer');
  const colleague = await (await browser.newContext({ viewport: { width: 390, height: 844 } })).newPage();
  await signIn(colleague, product.url);
  await colleague.goto(agent.url());
  await colleague.getByRole('log').waitFor();
  await note.press('Control+Enter');
  for (const page of [agent, colleague]) await page.getByRole('article', { name: /^Note by/ }).getByText('Maya knows this customer').waitFor();
  assert.deepEqual(await violations(agent), []);
  assert.deepEqual(await violations(colleague), []);
  await colleague.getByRole('textbox', { name: 'Reply' }).press('/');
  await colleague.getByRole('option', { name: 'Returns' }).waitFor();
  await agent.reload();
  await agent.getByRole('article', { name: /^Note by/ }).waitFor();
  await agent.getByRole('button', { name: 'Remove note' }).click();
  await colleague.getByRole('article', { name: /^Note by/ }).waitFor({ state: 'detached' });
  await agent.getByRole('button', { name: 'Undo' }).click();
  await colleague.getByRole('article', { name: /^Note by/ }).waitFor();
  assert.equal(await phone.region.getByText('Maya knows').count(), 0);
});

test('who is meant by a note hears of it, and finds it again under Mentions', async () => {
  await agent.evaluate(async () => {
    const session = await (await fetch('/api/v1/session')).json();
    const headers = { 'content-type': 'application/json', 'x-csrf-token': session.csrf_token };
    const user = { email: 'maya@acme.example', name: 'Maya Lee', role: 'support', password: 'a password of Maya' };
    await fetch('/api/v1/users', { method: 'POST', headers, body: JSON.stringify(user) });
  });
  const maya = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  maya.setDefaultTimeout(PATIENCE);
  await signIn(maya, product.url, 'maya@acme.example', 'a password of Maya');
  await maya.goto(`${product.url}/#/inbox/mentions`);
  await maya.getByText('Nobody mentioned you', { exact: true }).waitFor();
  await agent.reload();
  await agent.getByRole('button', { name: 'Note', exact: true }).click();
  const note = agent.getByRole('textbox', { name: 'Note' });
  await note.fill('');
  await note.pressSequentially('@may');
  await agent.getByRole('listbox', { name: 'Colleagues' }).getByRole('option', { name: 'Maya Lee' }).waitFor();
  await note.press('Enter');
  await note.pressSequentially('do you know them?');
  assert.equal(await note.inputValue(), '@Maya Lee do you know them?');
  await note.press('Control+Enter');
  await maya.getByText(/Owner mentioned you in #\d+/).waitFor();
  await maya.getByRole('list', { name: 'Tickets' }).getByRole('link').first().waitFor();
  assert.deepEqual(await violations(maya), []);
});
