// A newcomer's minute: a text, a mail and a chat become three tickets, each is answered, each answer gets back; stopped
// and started again, all is still there.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATIENCE, Product, launch, signIn } from '../product.mjs';

let product, browser, agent, customer;

before(async () => {
  product = await Product.start();
  browser = await launch();
  agent = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  customer = await (await browser.newContext({ viewport: { width: 1440, height: 1000 } })).newPage();
  for (const page of [agent, customer]) page.setDefaultTimeout(PATIENCE);
  await signIn(agent, product.url);
  await agent.goto(`${product.url}/#/inbox/all`);
  await customer.goto(`${product.url}/sandbox`);
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

const tickets = () => agent.getByRole('list', { name: 'Tickets' });
const phone = () => customer.getByRole('region', { name: 'Phone' });
const mailbox = () => customer.getByRole('region', { name: 'Mailbox' });
const shop = () => customer.frameLocator('iframe[title="Shop"]');
const panel = () => shop().frameLocator('iframe');

async function answer(text) {
  await agent.getByRole('textbox', { name: 'Reply' }).fill(text);
  await agent.getByRole('button', { name: 'Send', exact: true }).click();
}

async function text(words) {
  await phone().getByRole('textbox', { name: 'Text message' }).fill(words);
  await phone().getByRole('button', { name: 'Send text' }).click();
}

test('a text arrives live in the console, and the answer is shown by the phone', async () => {
  await text('JOIN');
  await phone().getByText('you are subscribed').waitFor();
  await text('Where is my order 1042?');
  await tickets().getByText('Where is my order 1042?').click();
  await answer('It left our warehouse this morning.');
  await phone().getByText('It left our warehouse this morning.').waitFor();
});

test('a mail becomes a ticket, and the answer lands in the same thread of the mailbox', async () => {
  await mailbox().getByRole('textbox', { name: 'Subject' }).fill('A question about sizes');
  await mailbox().getByRole('textbox', { name: 'Mail text' }).fill('Do the boots run small?');
  await mailbox().getByRole('button', { name: 'Send mail' }).click();
  await tickets().getByText('A question about sizes').first().click();
  await agent.getByText('Do the boots run small?').last().waitFor();
  await answer('They do: take one size up.');
  await mailbox().getByText('They do: take one size up.').waitFor();
  await mailbox().getByText('Re: A question about sizes').first().waitFor();
});

test('a visitor of the shop writes, and sees the answer in the widget', async () => {
  await shop().getByRole('button', { name: /chat/i }).click();
  await panel().getByRole('textbox').first().fill('Hi, is the red one in stock?');
  await panel().getByRole('textbox').first().press('Enter');
  await tickets().getByText('Hi, is the red one in stock?').click();
  await answer('Yes, three left.');
  await panel().getByText('Yes, three left.').waitFor();
});

test('stopped with Ctrl-C and started again, everything is still there', async () => {
  assert.equal(await product.stop(), 0, 'the exit code of a clean stop');
  await product.start();
  await agent.goto(`${product.url}/#/inbox/all`);
  await agent.reload();
  for (const words of ['A question about sizes', 'Yes, three left.', 'It left our warehouse']) {
    await tickets().getByText(words).first().waitFor();
  }
  await customer.goto(`${product.url}/sandbox`);
  await phone().getByText('It left our warehouse this morning.').waitFor();
  await mailbox().getByText('Re: A question about sizes').first().waitFor();
  await shop().getByRole('button', { name: /chat/i }).click();
  await panel().getByText('Yes, three left.').waitFor();
});
