// A person is exported: what is in it is said before, the zip is saved, and a failure is told.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
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

test('an export says what is in it, is saved as a zip, and tells why it failed', async () => {
  const mail = ['From: Anna Lee <anna@customer.example>', 'To: support@acme.example', 'Subject: A jar is missing',
    'Message-ID: <m1@customer.example>', 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', '', 'Where is the marmalade?', ''];
  const answer = await fetch(`${product.url}/webhooks/email?rcpt=support@in.acme.example`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'message/rfc822' },
    body: mail.join('\r\n'),
  });
  assert.equal(answer.status, 202, await answer.text());
  await agent.goto(`${product.url}/#/inbox/all`);
  await agent.getByRole('list', { name: 'Tickets' }).getByText('A jar is missing').first().click();
  await agent.getByRole('complementary', { name: 'Details' }).getByRole('button', { name: 'Export person…' }).click();
  const dialog = agent.getByRole('dialog');
  await dialog.getByText('Files, and mails as they came in').waitFor();
  for (const colorScheme of ['light', 'dark']) {
    await agent.emulateMedia({ colorScheme });
    assert.deepEqual(await violations(agent), [], colorScheme);
  }
  const save = dialog.getByRole('button', { name: 'Export', exact: true });

  await agent.route('**/api/v1/profiles/*/export', (route) => route.abort(), { times: 1 });
  await save.click();
  await dialog.getByRole('alert').getByText('Frontdesk cannot be reached').waitFor();

  const [download] = await Promise.all([agent.waitForEvent('download'), save.click()]);
  assert.match(download.suggestedFilename(), /^person-[0-9a-f-]{36}\.zip$/);
  const bytes = await readFile(await download.path());
  assert.equal(bytes.subarray(0, 2).toString(), 'PK');
  assert.ok(bytes.includes('person.json') && bytes.includes('A jar is missing.eml'));
  await dialog.getByText('It was saved.').waitFor();
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();

  const lines = (await call(agent, 'GET', '/audit?action=exported')).data;
  assert.equal(lines.length, 1, 'one line: the first one never came to the server');
});
