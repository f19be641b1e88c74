// Setting up a mailbox: where to forward, how, what Google asks, and a trial mail that goes all the way round while one
// looks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATIENCE, Product, launch, signIn, violations } from '../product.mjs';

const KEY = 'a key for the door of mails';
/** One that forwards, and one that is read where nobody answers. */
const MAILBOXES = `[
  { address = "support@acme.example", inbound = "support@in.acme.example" },
  { address = "help@acme.example", inbound = "help@acme.example", imap = { url = "imap://127.0.0.1:1", user = "help", password = "never shown" } },
]`;
let product, browser, agent;

before(async () => {
  product = await Product.start({ env: { FRONTDESK_EMAIL__WEBHOOK_KEY: KEY, FRONTDESK_EMAIL__MAILBOXES: MAILBOXES } });
  browser = await launch();
  agent = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  agent.setDefaultTimeout(PATIENCE);
  await signIn(agent, product.url);
  await agent.goto(`${product.url}/#/settings/mailboxes`);
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

const step = (name) => agent.getByRole('list', { name: 'Trial mail of support@acme.example' }).getByRole('listitem').filter({ hasText: name });

async function pictures(name) {
  if (!process.env.PICTURES) return;
  for (const [size, viewport] of Object.entries({ desktop: { width: 1440, height: 1100 }, phone: { width: 390, height: 1300 } })) {
    for (const colorScheme of ['light', 'dark']) {
      await agent.setViewportSize(viewport);
      await agent.emulateMedia({ colorScheme });
      await agent.screenshot({ path: `${process.env.PICTURES}/${name}-${size}-${colorScheme}.png` });
    }
  }
  await agent.emulateMedia({ colorScheme: 'light' });
  await agent.setViewportSize({ width: 1440, height: 900 });
}

test('it says where to forward to, and how each provider does it', async () => {
  const card = agent.getByRole('region', { name: 'support@acme.example' });
  await card.getByText('support@in.acme.example').first().waitFor();
  await card.getByText('Add a forwarding address').waitFor();
  await card.getByRole('combobox', { name: 'Where the mailbox is' }).selectOption('microsoft');
  await card.getByText('550 5.7.520').waitFor();
  await card.getByRole('combobox', { name: 'Where the mailbox is' }).selectOption('google');
});

test('a mailbox that is read says where, and why it cannot be', async () => {
  const card = agent.getByRole('region', { name: 'help@acme.example' });
  await card.getByText('imap://127.0.0.1:1').waitFor();
  await card.getByText('127.0.0.1:1 cannot be reached').waitFor();
  assert.equal(await card.getByText('Add a forwarding address').count(), 0);
  assert.ok(!(await agent.content()).includes('never shown'));
  assert.deepEqual(await violations(agent), []);
  await card.scrollIntoViewIfNeeded();
  await pictures('mailboxes-read');
});

test('what Google asks appears by itself and is followed by nobody else', async () => {
  const raw = ['From: Gmail Team <forwarding-noreply@google.com>', 'To: support@in.acme.example',
    'Subject: (#567890123) Gmail Forwarding Confirmation - Receive Mail from owner@acme.example', 'Message-ID: <g1@google.com>', '',
    'owner@acme.example has requested to automatically forward mail to your email address.', 'Confirmation code: 567890123', '',
    'https://mail-settings.google.com/mail/vf-%5BANGjdJ8%5D-abc', ''].join('\r\n');
  const answer = await fetch(`${product.url}/webhooks/email?rcpt=support@in.acme.example`, {
    method: 'POST', headers: { authorization: `Bearer ${KEY}`, 'content-type': 'message/rfc822' }, body: raw });
  assert.equal(answer.status, 202, await answer.text());
  const asked = agent.getByRole('note').filter({ hasText: 'Google asks' });
  await asked.getByText('567890123').waitFor();
  const link = asked.getByRole('link', { name: 'Confirm at Google' });
  assert.equal(await link.getAttribute('href'), 'https://mail-settings.google.com/mail/vf-%5BANGjdJ8%5D-abc');
});

test('a trial mail gets on, step by step, while one looks', async () => {
  assert.equal(await step('Sent').filter({ hasText: 'Not yet' }).count(), 1);
  await agent.getByRole('region', { name: 'support@acme.example' }).getByRole('button', { name: 'Send a trial mail' }).click();
  await step('Came back').filter({ hasText: 'Done' }).waitFor();
  await step('Answers find their ticket').filter({ hasText: 'Done' }).waitFor();
  await step('Our sender is believed').filter({ hasText: 'no name servers are set' }).waitFor();
  assert.deepEqual(await violations(agent), []);
  await pictures('mailboxes');
  await agent.getByRole('button', { name: 'Send another trial mail' }).click();
  await agent.getByText('a trial mail was sent a moment ago').waitFor();
  await agent.goto(`${product.url}/#/inbox/all`);
  await agent.getByText('forwarding-noreply').waitFor({ state: 'detached' });
});
