// What stands beneath answers by mail: written once, seen as it will read, put there by the server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATIENCE, Product, launch, signIn, violations } from '../product.mjs';

const KEY = 'a key for the door of mails';
let product, browser, agent;

before(async () => {
  product = await Product.start({ env: { FRONTDESK_EMAIL__WEBHOOK_KEY: KEY } });
  browser = await launch();
  agent = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  agent.setDefaultTimeout(PATIENCE);
  await signIn(agent, product.url);
  await agent.goto(`${product.url}/#/settings/answers`);
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

/** A mail comes in over HTTP. */
async function receive(subject, body) {
  const head = ['From: Anna Lee <anna@customer.example>', 'To: support@acme.example', `Subject: ${subject}`, 'Message-ID: <s1@customer.example>'];
  const answer = await fetch(`${product.url}/webhooks/email?rcpt=support@in.acme.example`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'message/rfc822' },
    body: `${head.join('\r\n')}\r\n\r\n${body}\r\n`,
  });
  assert.equal(answer.status, 202, await answer.text());
}

async function pictures(name) {
  if (!process.env.PICTURES) return;
  for (const [size, viewport] of Object.entries({ desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } })) {
    for (const colorScheme of ['light', 'dark']) {
      await agent.setViewportSize(viewport);
      await agent.emulateMedia({ colorScheme });
      await agent.screenshot({ path: `${process.env.PICTURES}/${name}-${size}-${colorScheme}.png` });
    }
  }
  await agent.emulateMedia({ colorScheme: 'light' });
  await agent.setViewportSize({ width: 1440, height: 900 });
}

test('a signature is written with variables, shown as it will read, and saved', async () => {
  const field = agent.getByRole('textbox', { name: 'Signature' });
  const preview = agent.getByRole('figure', { name: 'Preview' });
  await field.fill('Kind regards\n{{agent_name|your team}}\n{{sender_email}}\n');
  await preview.getByText('Kind regards').waitFor();
  assert.ok(!(await preview.textContent()).includes('{{'), 'variables are filled in, and an empty line goes');
  assert.deepEqual(await violations(agent), []);
  await pictures('answers');
  await agent.getByRole('button', { name: /^Save/ }).click();
  await agent.getByText('Settings saved').waitFor();
  await agent.reload();
  assert.match(await field.inputValue(), /^Kind regards\n\{\{agent_name\|your team\}\}/);
});

test('a variable that nobody knows is refused in words', async () => {
  await agent.getByRole('textbox', { name: 'Signature' }).fill('{{colour}}');
  await agent.getByRole('button', { name: /^Save/ }).click();
  await agent.getByRole('alert').filter({ hasText: 'There is no {{colour}}' }).waitFor();
});

test('a mailbox has another one, and so has a colleague; the composer shows what will stand there', async () => {
  await agent.reload();
  await agent.getByRole('switch', { name: /support@acme.example has another signature/ }).check();
  const ofMailbox = agent.getByRole('textbox', { name: 'Signature of support@acme.example' });
  await ofMailbox.fill('Acme Support');
  await agent.getByRole('figure', { name: 'Preview' }).getByText('Acme Support').waitFor();
  assert.deepEqual(await violations(agent), []);
  await pictures('answers-mailbox');
  await agent.getByRole('button', { name: /^Save/ }).click();
  await agent.getByText('Settings saved').waitFor();
  await agent.goto(`${product.url}/#/settings/account`);
  await agent.getByRole('radio', { name: 'My own' }).check();
  await agent.getByRole('textbox', { name: 'Your signature' }).fill('Kim of Acme\n{{mailbox_signature}}');
  assert.deepEqual(await violations(agent), []);
  await pictures('signature-own');
  await agent.getByRole('button', { name: 'Save signature' }).click();
  await agent.getByText('Signature saved').waitFor();
});

test('it is left out of one mail and stands under the next', async () => {
  await receive('My order', 'Where is it?');
  await agent.goto(`${product.url}/#/inbox/all`);
  await agent.getByRole('list', { name: 'Tickets' }).getByText('My order').first().click();
  const signature = agent.getByRole('group', { name: 'Signature' });
  await signature.getByText('Kim of Acme · Acme Support').waitFor();
  await signature.getByRole('button', { name: /^Signature/ }).click();
  assert.deepEqual(await violations(agent), []);
  await pictures('signature-composer');
  await signature.getByRole('button', { name: 'Leave it out' }).click();
  await signature.getByText('No signature').waitFor();
  await agent.getByRole('textbox', { name: 'Reply' }).fill('Without');
  const asked = agent.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/messages'));
  await agent.getByRole('button', { name: 'Send', exact: true }).click();
  assert.equal((await asked).postDataJSON().without_signature, true);
  await signature.getByText('Kim of Acme · Acme Support').waitFor();
});
