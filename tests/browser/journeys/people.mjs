// A1: somebody is invited by mail, chooses a password, works, forgets it, chooses another; an admin reads what was done.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Relay, readable, until } from '../chat.mjs';
import { PATIENCE, Product, launch, signIn, violations } from '../product.mjs';

let relay, product, browser, owner, maya;

before(async () => {
  relay = await Relay.start();
  product = await Product.start({ env: { FRONTDESK_RELAY__URL: relay.url } });
  browser = await launch();
  owner = await page();
  maya = await page();
  await signIn(owner, product.url);
});

after(async () => {
  await browser?.close();
  await product?.remove();
  await relay?.stop();
});

async function page() {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.setDefaultTimeout(PATIENCE);
  return page;
}

/** The address in the newest mail with these words. */
async function link(words) {
  const found = () => relay.mails.map(readable).filter((mail) => mail.includes(words)).at(-1);
  await until(() => found() !== undefined, `a mail with ${words}`);
  const [address] = found().match(new RegExp(`${product.url}/#/\\S+`)) ?? [];
  assert.ok(address, found());
  return address;
}

test('an owner invites somebody, who chooses a name and a password and is in the inbox', async () => {
  await owner.goto(`${product.url}/#/settings/people`);
  await owner.getByRole('button', { name: 'Add person' }).click();
  await owner.getByLabel('Name').fill('Maya');
  await owner.getByLabel('Email').fill('maya@acme.example');
  assert.deepEqual(await violations(owner), []);
  await owner.getByRole('button', { name: 'Invite' }).click();
  await owner.getByRole('list', { name: 'Invitations' }).getByText('maya@acme.example').waitFor();
  assert.deepEqual(await violations(owner), []);
  const address = await link('Choose a password and begin');
  await maya.goto(address);
  await maya.getByRole('heading', { name: 'Join' }).waitFor();
  assert.equal(await maya.getByLabel('Your name').inputValue(), 'Maya');
  await maya.getByLabel('Password').fill('password2026');
  await maya.getByRole('button', { name: 'Open the inbox' }).click();
  await maya.getByRole('alert').getByText('one of the first that are guessed').waitFor();
  assert.deepEqual(await violations(maya), []);
  await maya.getByLabel('Password').fill('a password of hers');
  await maya.getByRole('button', { name: 'Open the inbox' }).click();
  await maya.getByRole('list', { name: 'Tickets' }).waitFor();
  const again = await page();
  await again.goto(address);
  await again.getByText('This invitation no longer works').waitFor();
  assert.deepEqual(await violations(again), []);
  await again.context().close();
});

test('who only works tickets sees their own account in the settings, and their sessions', async () => {
  await maya.getByRole('button', { name: /^Account/ }).click();
  await maya.getByRole('menuitem', { name: 'Your account' }).click();
  await maya.getByRole('list', { name: 'Sessions' }).getByText('this one').waitFor();
  assert.equal(await maya.getByRole('navigation', { name: 'Settings' }).getByRole('link').count(), 1);
  assert.deepEqual(await violations(maya), []);
});

test('a forgotten password is replaced by the link of a mail, and the sessions end', async () => {
  const other = await page();
  await other.goto(product.url);
  await other.getByRole('button', { name: 'Forgot password?' }).click();
  await other.getByLabel('Email').fill('maya@acme.example');
  assert.deepEqual(await violations(other), []);
  await other.getByRole('button', { name: 'Send the link' }).click();
  await other.getByText('Look into your mail').waitFor();
  await other.goto(await link('asked for a new password'));
  await other.getByLabel('New password').fill('another password of hers');
  assert.deepEqual(await violations(other), []);
  await other.getByRole('button', { name: 'Save' }).click();
  await other.getByText('Your password is changed').waitFor();
  await maya.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  await other.getByRole('link', { name: 'Go to sign-in' }).click();
  await signIn(other, product.url, 'maya@acme.example', 'another password of hers');
  await other.context().close();
});

test('an owner ends the sessions of somebody, and reads in the audit log what was done', async () => {
  await owner.reload();
  await owner.getByRole('button', { name: 'Sessions of Maya' }).click();
  await owner.getByRole('button', { name: 'Sign out everywhere' }).click();
  await owner.getByText('Maya is signed out everywhere').waitFor();
  await owner.goto(`${product.url}/#/settings/privacy`);
  await owner.getByLabel('Audit log kept for').fill('365');
  await owner.getByLabel('Chats kept for').fill('30');
  await owner.getByText('no ticket is old enough to go now').waitFor();
  await owner.getByRole('button', { name: 'Save', exact: true }).click();
  await owner.getByText('Settings saved').waitFor();
  await owner.goto(`${product.url}/#/settings/audit`);
  const log = owner.getByRole('list', { name: 'Audit log' });
  await log.getByText('changed the settings').first().waitFor();
  for (const words of ['accepted the invitation', 'asked for a new password for Maya', 'ended a session of the person Maya']) {
    await log.getByText(words).first().waitFor();
  }
  await log.getByText('730', { exact: true }).waitFor();
  assert.deepEqual(await violations(owner), []);
  await owner.getByLabel('To what').selectOption({ label: 'Webhooks' });
  await owner.getByText('Nothing matches these filters.').waitFor();
  await owner.getByRole('button', { name: 'Clear' }).click();
  await log.getByText('changed the settings').first().waitFor();
});
