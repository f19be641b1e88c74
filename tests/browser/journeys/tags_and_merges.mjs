// The list of tags (F4), and two profiles that turn out to be one person (A2).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATIENCE, Phone, Product, call, launch, signIn, violations } from '../product.mjs';

let product, browser, agent;

before(async () => {
  product = await Product.start();
  browser = await launch();
  const customer = await browser.newPage();
  await customer.goto(`${product.url}/sandbox`);
  const phone = new Phone(customer);
  await phone.text('JOIN');
  await phone.gets('you are subscribed');
  await phone.text('Where is my parcel?');
  agent = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })).newPage();
  agent.setDefaultTimeout(PATIENCE);
  await signIn(agent, product.url);
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

async function openTicket() {
  await agent.goto(`${product.url}/#/inbox/all`);
  await agent.getByRole('list', { name: 'Tickets' }).getByRole('link').first().click();
  await agent.getByRole('textbox', { name: 'Reply' }).waitFor();
}

test('F4: a tag is made with a colour, suggested, renamed everywhere, and deleted with undo', async () => {
  await agent.goto(`${product.url}/#/settings/tags`);
  await agent.getByRole('button', { name: 'New tag' }).click();
  await agent.getByLabel('Name').fill('Late delivery');
  await agent.getByRole('radio', { name: 'orange' }).check();
  assert.deepEqual(await violations(agent), []);
  await agent.getByRole('button', { name: 'Save' }).click();
  await agent.getByRole('list', { name: 'Tags' }).getByText('late delivery').waitFor();
  await openTicket();
  await agent.locator('#known-tags option[value="late delivery"]').waitFor({ state: 'attached' });
  await agent.getByLabel('Add a tag').fill('late delivery');
  await agent.getByLabel('Add a tag').press('Enter');
  await agent.getByRole('button', { name: 'Remove tag late delivery' }).waitFor();
  assert.deepEqual(await violations(agent), []);
  await agent.goto(`${product.url}/#/settings/tags`);
  await agent.getByRole('link', { name: '1 ticket' }).waitFor();
  await agent.getByRole('button', { name: 'Change late delivery' }).click();
  await agent.getByLabel('Name').fill('Too late');
  await agent.getByRole('button', { name: 'Save' }).click();
  await agent.getByRole('button', { name: 'Delete too late' }).click();
  await agent.getByText('It is taken off 1 ticket').waitFor();
  await agent.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await agent.getByText('No tags', { exact: true }).waitFor();
  await agent.getByRole('button', { name: 'Undo' }).click();
  await agent.getByRole('link', { name: '1 ticket' }).waitFor();
  await openTicket();
  await agent.getByRole('button', { name: 'Remove tag too late' }).waitFor();
});

test('A2: the same person by another address is found, looked at, merged and taken apart', async () => {
  const { profile_id: other } = await call(agent, 'POST', '/messages', {
    profile: { phone: '+15557770000' }, channel: 'sms', source: { kind: 'campaign', id: 'spring', name: 'Spring' },
    text: 'Spring is here', sent_at: new Date(Date.now() - 60_000).toISOString(), send: false,
  });
  await call(agent, 'PATCH', `/profiles/${other}`, { name: 'Anna Lee' });
  await openTicket();
  const details = agent.getByRole('complementary', { name: 'Details' });
  await details.getByRole('button', { name: 'Merge with…' }).click();
  await agent.getByLabel('Name, address or number').fill('anna');
  await agent.getByRole('button', { name: /^Anna Lee/ }).click();
  await agent.getByText('The name Anna Lee is taken over.').waitFor();
  assert.deepEqual(await violations(agent), []);
  await agent.getByRole('dialog').getByRole('button', { name: 'Merge', exact: true }).click();
  await details.getByRole('button', { name: 'Anna Lee' }).waitFor();
  await details.getByText('+1 555 777 0000').waitFor();
  await details.getByText(/^Anna Lee merged by/).waitFor();
  assert.deepEqual(await violations(agent), []);
  await details.getByRole('button', { name: 'Undo' }).click();
  await details.getByText('+1 555 777 0000').waitFor({ state: 'detached' });
  assert.equal((await call(agent, 'GET', `/profiles/${other}`)).name, 'Anna Lee');
});
