// The owner sets up a number, a mailbox and a chat site in the console, without a file and without a restart: what comes in
// there becomes tickets; what frontdesk.toml gives is only shown.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Shop, Visitor, until } from '../chat.mjs';
import { Product, launch, signIn, violations } from '../product.mjs';

const KEY = 'a key for the door of mails';
const NUMBER = '+15550002222';
let shop, product, browser, owner;

before(async () => {
  shop = await Shop.start();
  product = await Product.start({ env: { FRONTDESK_EMAIL__WEBHOOK_KEY: KEY } });
  shop.desk = product.url;
  browser = await launch();
  owner = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  owner.setDefaultTimeout(20_000);
  await signIn(owner, product.url);
});

after(async () => {
  await browser?.close();
  await product?.remove();
  await shop?.stop();
});

const dialog = () => owner.getByRole('dialog');
const settings = (page) => owner.goto(`${product.url}/#/settings/${page}`);

/** Waits until all services have taken over what is shown. */
const taken = () => owner.getByText('Taking effect…').first().waitFor({ state: 'detached' });

/** Saves what the dialog asks for, and closes what it shows afterwards. */
async function save(shows) {
  await dialog().getByRole('button', { name: 'Save' }).click();
  await dialog().getByRole('button', { name: 'Done' }).waitFor();
  const shown = await dialog().getByLabel(shows, { exact: true }).inputValue();
  assert.deepEqual(await violations(owner), []);
  await dialog().getByRole('button', { name: 'Done' }).click();
  await dialog().waitFor({ state: 'detached' });
  await owner.getByText('set up here').first().waitFor();
  await taken();
  return shown;
}

async function becomesATicket(words) {
  await owner.goto(`${product.url}/#/inbox/all`);
  await owner.getByRole('list', { name: 'Tickets' }).getByText(words).first().waitFor();
}

async function pictures(name) {
  if (!process.env.PICTURES) return;
  for (const [size, viewport] of Object.entries({ desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } })) {
    for (const colorScheme of ['light', 'dark']) {
      await owner.setViewportSize(viewport);
      await owner.emulateMedia({ colorScheme });
      assert.deepEqual(await violations(owner), [], `${name} ${size} ${colorScheme}`);
      await owner.screenshot({ path: `${process.env.PICTURES}/${name}-${size}-${colorScheme}.png` });
    }
  }
  await owner.emulateMedia({ colorScheme: 'light' });
  await owner.setViewportSize({ width: 1440, height: 900 });
}

test('what frontdesk.toml gives is shown, and not changed here', async () => {
  await settings('numbers');
  const given = owner.getByRole('row', { name: /555-000-1111|555 000 1111|5550001111/ });
  await given.getByText('from frontdesk.toml: change it in that file').waitFor();
  assert.equal(await given.getByRole('button', { name: 'Change' }).count(), 0);
  const refused = await owner.evaluate(async () => {
    const { csrf_token: token } = await (await fetch('/api/v1/session')).json();
    const headers = { 'content-type': 'application/json', 'x-csrf-token': token };
    const path = `/api/v1/numbers/${encodeURIComponent('+15550001111')}`;
    return (await fetch(path, { method: 'PUT', headers, body: JSON.stringify({ provider: 'sandbox' }) })).status;
  });
  assert.equal(refused, 409);
});

test('the form of a number asks what its carrier needs, and says what is missing', async () => {
  await settings('numbers');
  await owner.getByRole('button', { name: 'Add a number' }).click();
  await dialog().getByLabel('Carrier', { exact: true }).selectOption('vonage');
  await dialog().getByLabel('Signing key').waitFor();
  await dialog().getByLabel('What proves that webhooks come from Vonage').selectOption('webhook_secret');
  await dialog().getByLabel('Signing key').waitFor({ state: 'detached' });
  await dialog().getByRole('button', { name: 'Generate' }).click();
  assert.match(await dialog().getByLabel('Secret in the address', { exact: true }).inputValue(), /^[0-9a-f]{64}$/);
  await dialog().getByText('More', { exact: true }).click();
  await pictures('number-form');
  assert.deepEqual(await violations(owner), []);
  await dialog().getByLabel('Number', { exact: true }).fill('555');
  await dialog().getByLabel('Carrier', { exact: true }).selectOption('sandbox');
  await dialog().getByLabel('Number', { exact: true }).fill('(555) 000-2222');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await dialog().getByText('Write it with its country').waitFor();
  assert.equal(await dialog().getByLabel('Number', { exact: true }).evaluate((field) => field === document.activeElement), true);
});

test('a number that is set up takes texts at once', async () => {
  await dialog().getByLabel('Number', { exact: true }).fill('+1 (555) 000-2222');
  const address = await save('Webhook address');
  assert.ok(address.startsWith(`${product.url}/webhooks/sms/sandbox`), address);
  await pictures('numbers');
  // The phone of the sandbox's page sends like this; another process may hear of the number a moment later.
  let said = '';
  await until(async () => {
    const body = JSON.stringify({ from: '+15550109999', to: NUMBER, text: 'Is the new number yours?' });
    const answer = await fetch(`${product.url}/sandbox/api/texts`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    said = await answer.text();
    return answer.ok || `${answer.status} ${said}`;
  }, 'the sandbox sends to the new number');
  await becomesATicket('Is the new number yours?');
});

test('a mailbox that is set up takes mails', async () => {
  await settings('mailboxes');
  await owner.getByRole('button', { name: 'Add a mailbox' }).click();
  await dialog().getByLabel('Address', { exact: true }).fill('sales@acme.example');
  await dialog().getByLabel('Frontdesk fetches it (IMAP)').check();
  await dialog().getByLabel('Password', { exact: true }).waitFor();
  await dialog().getByText('More', { exact: true }).click();
  await pictures('mailbox-form');
  assert.deepEqual(await violations(owner), []);
  await dialog().getByLabel('It is forwarded to Frontdesk').check();
  await dialog().getByLabel('Forward to', { exact: true }).fill('support@in.acme.example');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await dialog().getByText('belongs to another mailbox').waitFor();
  await dialog().getByLabel('Forward to', { exact: true }).fill('sales@in.acme.example');
  assert.equal(await save('Forward to'), 'sales@in.acme.example');
  await owner.getByRole('region', { name: 'sales@acme.example' }).getByText('set up here').waitFor();
  await pictures('mailboxes');
  const mail = ['From: Anna <anna@customer.example>', 'To: sales@acme.example', 'Subject: A hundred mugs', 'Message-ID: <c1@customer.example>', '', 'How much are they?', ''];
  await until(async () => {
    const answer = await fetch(`${product.url}/webhooks/email?rcpt=sales@in.acme.example`, {
      method: 'POST', headers: { authorization: `Bearer ${KEY}`, 'content-type': 'message/rfc822' }, body: mail.join('\r\n') });
    return answer.status === 202 || `${answer.status} ${await answer.text()}`;
  }, 'a mail is taken in');
  await becomesATicket('A hundred mugs');
});

test('a mailbox that takes access tokens keeps its secrets to itself', async () => {
  await settings('mailboxes');
  await owner.getByRole('button', { name: 'Add a mailbox' }).click();
  await dialog().getByLabel('Address', { exact: true }).fill('orders@acme.example');
  await dialog().getByLabel('Frontdesk fetches it (IMAP)').check();
  await dialog().getByLabel('Server', { exact: true }).fill('imaps://127.0.0.1:1');
  await dialog().getByLabel('User', { exact: true }).fill('orders');
  await dialog().getByLabel('With access tokens').check();
  await dialog().getByRole('button', { name: 'Microsoft' }).click();
  assert.match(await dialog().getByLabel('Scope', { exact: true }).inputValue(), /IMAP/);
  await dialog().getByRole('button', { name: 'Google' }).click();
  await dialog().getByLabel('Client ID', { exact: true }).fill('desk of acme');
  await dialog().getByLabel('Client secret', { exact: true }).fill('kept to itself');
  await dialog().getByLabel('Refresh token', { exact: true }).fill('agreed to once');
  await pictures('mailbox-tokens');
  assert.deepEqual(await violations(owner), []);
  await dialog().getByRole('button', { name: 'Save' }).click();
  await dialog().waitFor({ state: 'detached' });
  await taken();
  const region = owner.getByRole('region', { name: 'orders@acme.example' });
  await region.getByRole('button', { name: /Change/ }).click();
  assert.equal(await dialog().getByLabel('Where tokens are asked for', { exact: true }).inputValue(), 'https://oauth2.googleapis.com/token');
  for (const secret of ['Client secret', 'Refresh token']) {
    const field = dialog().getByLabel(secret, { exact: true });
    assert.deepEqual([await field.inputValue(), await field.getAttribute('placeholder')], ['', 'set; leave empty to keep']);
  }
  await dialog().getByLabel('Client ID', { exact: true }).fill('another desk');
  assert.equal(await dialog().getByLabel('Refresh token', { exact: true }).getAttribute('placeholder'), '', 'its secrets are for who they were given to');
  await dialog().getByRole('button', { name: 'Cancel' }).click();
  await region.getByRole('button', { name: /Remove/ }).click();
  await dialog().getByRole('button', { name: 'Remove' }).click();
  await region.waitFor({ state: 'detached' });
  await taken();
});

test('a site that is set up has a snippet, and its visitors write', async () => {
  await settings('chat');
  await owner.getByRole('button', { name: 'Add a site' }).click();
  await dialog().getByLabel('Name', { exact: true }).fill('shop');
  await dialog().getByLabel('Pages that may show the chat').fill(`${shop.origin}/mugs?colour=blue`);
  await dialog().getByRole('button', { name: 'Generate' }).click();
  await pictures('site-form');
  assert.match(await save('On your pages'), /data-site="shop"/);
  await owner.getByRole('list', { name: 'Sites' }).getByText('set up here').waitFor();
  assert.equal(await owner.getByRole('combobox', { name: 'Site', exact: true }).first().inputValue(), 'shop');
  await pictures('sites');
  const visitor = new Visitor(await (await browser.newContext()).newPage());
  visitor.page.setDefaultTimeout(20_000);
  shop.site = 'shop';
  await visitor.open(`${shop.origin}/mugs`);
  await visitor.write('Do the mugs come in green?');
  await visitor.panel.getByText('Sent').waitFor();
  await becomesATicket('Do the mugs come in green?');
});

test('what is set up is changed and removed; tickets stay', async () => {
  await settings('numbers');
  await owner.getByRole('button', { name: /^Change / }).click();
  await dialog().getByText('More', { exact: true }).click();
  await dialog().getByLabel('Segments a second').fill('3');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await dialog().waitFor({ state: 'detached' });
  await owner.getByText('3 segments/s').waitFor();
  await taken();
  await owner.getByRole('button', { name: /^Remove / }).click();
  await dialog().getByText('Texts to this number are refused from then on').waitFor();
  assert.deepEqual(await violations(owner), []);
  await pictures('number-remove');
  await dialog().getByRole('button', { name: 'Remove' }).click();
  await owner.getByRole('button', { name: /^Remove / }).waitFor({ state: 'detached' });
  await becomesATicket('Is the new number yours?');
});
