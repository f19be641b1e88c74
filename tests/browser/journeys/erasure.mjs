// A person is erased: what goes is said before, an address is typed, and nothing of them is found afterwards.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATIENCE, Product, call, launch, signIn, violations } from '../product.mjs';

const KEY = 'a key for the door of mails';
let product, browser, agent;

before(async () => {
  product = await Product.start({ env: { FRONTDESK_EMAIL__WEBHOOK_KEY: KEY } });
  browser = await launch();
  agent = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  agent.setDefaultTimeout(PATIENCE);
  await signIn(agent, product.url);
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

/** A mail comes in over HTTP. */
async function receive(id, subject) {
  const mail = ['From: Anna Lee <anna@customer.example>', 'To: support@acme.example', `Subject: ${subject}`,
    `Message-ID: <${id}@customer.example>`, 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', '', 'Where is the marmalade?', ''];
  const answer = await fetch(`${product.url}/webhooks/email?rcpt=support@in.acme.example`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'message/rfc822' },
    body: mail.join('\r\n'),
  });
  assert.equal(answer.status, 202, await answer.text());
}

const row = (words) => agent.getByRole('list', { name: 'Tickets' }).getByText(words);
const details = () => agent.getByRole('complementary', { name: 'Details' });

test('erasing says what goes and asks for the address; what was erased does not come back, a new mail does', async () => {
  await receive('m1', 'A jar is missing');
  await agent.goto(`${product.url}/#/inbox/all`);
  await row('A jar is missing').first().click();
  await details().getByRole('button', { name: 'Erase person…' }).click();
  const dialog = agent.getByRole('dialog');
  await dialog.getByText('1 ticket, 1 message, 0 notes').waitFor();
  const erase = dialog.getByRole('button', { name: 'Erase', exact: true });
  assert.equal(await erase.isDisabled(), true, 'nothing is typed yet');
  for (const colorScheme of ['light', 'dark']) {
    await agent.emulateMedia({ colorScheme });
    assert.deepEqual(await violations(agent), [], colorScheme);
  }
  await dialog.getByRole('textbox').fill('anna@customer.example');
  await erase.click();
  await dialog.getByText('Nothing of this person is kept any more.').waitFor();
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
  await row('A jar is missing').waitFor({ state: 'detached' });
  assert.deepEqual((await call(agent, 'GET', '/search?q=marmalade')).data, []);

  await receive('m1', 'A jar is missing');
  await receive('m2', 'A new question');
  await row('A new question').first().waitFor();
  assert.equal(await row('A jar is missing').count(), 0, 'the mail that was erased came again');
});
