// A1: a second step at sign-in is set up, asked for, lost, demanded of everybody, and reset.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { OWNER, PASSWORD, Product, call, launch, signIn, violations } from '../product.mjs';

const MAYA = 'maya@acme.example';
let product, browser, owner, secret, codes;

before(async () => {
  product = await Product.start();
  browser = await launch();
  owner = await page();
  await signIn(owner, product.url);
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

async function page(more = {}) {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, ...more })).newPage();
  page.setDefaultTimeout(15_000);
  return page;
}

/** What an app shows (RFC 6238), now or in the thirty seconds after: each code is good once. */
function digits(key, later = 0) {
  const bits = [...key.replaceAll(' ', '')].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const bytes = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const mac = createHmac('sha1', bytes).update(step).digest();
  const number = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

async function signOut(page) {
  await page.getByRole('button', { name: /^Account/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
}

/** The first step alone. */
async function begin(page, email = OWNER, password = PASSWORD) {
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

const listed = (page) => page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem').allTextContents();

test('somebody sets one up with an app, and keeps the recovery codes', async () => {
  await owner.goto(`${product.url}/#/settings/account`);
  await owner.getByRole('button', { name: 'Set up…' }).click();
  const dialog = owner.getByRole('dialog');
  await dialog.getByLabel('Your password').fill('not my password');
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await dialog.getByRole('alert').getByText('not your password').waitFor();
  await dialog.getByLabel('Your password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Continue' }).click();
  const picture = dialog.getByRole('img', { name: 'QR code' });
  await picture.waitFor();
  assert.ok(await picture.evaluate((image) => image.decode().then(() => image.naturalWidth > 0)), 'it is a picture');
  secret = await dialog.locator('code').textContent();
  assert.deepEqual(await violations(owner), []);
  await dialog.getByRole('textbox', { name: /^Code/ }).fill('000000');
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await dialog.getByRole('alert').getByText('The code is wrong').waitFor();
  await dialog.getByRole('textbox', { name: /^Code/ }).fill(digits(secret));
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await dialog.getByRole('list', { name: 'Recovery codes' }).waitFor();
  codes = await listed(owner);
  assert.equal(new Set(codes).size, 10);
  assert.deepEqual(await violations(owner), []);
  const [download] = await Promise.all([owner.waitForEvent('download'), dialog.getByRole('link', { name: 'Download' }).click()]);
  assert.deepEqual(readFileSync(await download.path(), 'utf8').trim().split('\n'), codes);
  await dialog.getByRole('button', { name: 'I have kept them' }).click();
  await owner.getByText('10 recovery codes are left.').waitFor();
  assert.deepEqual(await violations(owner), []);
});

test('after the password a code is asked for, and nobody is in before it', async () => {
  await signOut(owner);
  await begin(owner);
  await owner.getByRole('heading', { name: 'One more step' }).waitFor();
  assert.deepEqual((await owner.context().cookies()).filter(({ name, value }) => name === 'frontdesk_session' && value), []);
  assert.deepEqual(await violations(owner), []);
  await owner.getByRole('textbox', { name: /^Code/ }).fill('12345');
  await owner.getByRole('button', { name: 'Sign in', exact: true }).click();
  await owner.getByRole('alert').getByText('The code is wrong').waitFor();
  await owner.getByRole('textbox', { name: /^Code/ }).fill(digits(secret, 1));
  await owner.getByRole('button', { name: 'Sign in', exact: true }).click();
  await owner.getByRole('navigation').first().waitFor();
  await owner.getByRole('button', { name: /^Account/ }).waitFor();
});

test('who has lost the app comes in with a recovery code, which works once', async () => {
  await signOut(owner);
  await begin(owner);
  await owner.getByRole('button', { name: 'Use a recovery code' }).click();
  assert.deepEqual(await violations(owner), []);
  await owner.getByRole('textbox', { name: 'Recovery code' }).fill(codes[0].toUpperCase());
  await owner.getByRole('button', { name: 'Sign in', exact: true }).click();
  await owner.getByRole('button', { name: /^Account/ }).waitFor();
  const again = await page({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
  await again.goto(product.url);
  await begin(again);
  await again.getByRole('button', { name: 'Use a recovery code' }).click();
  await again.getByRole('textbox', { name: 'Recovery code' }).fill(codes[0]);
  await again.getByRole('button', { name: 'Sign in', exact: true }).click();
  await again.getByRole('alert').waitFor();
  assert.deepEqual(await violations(again), []);
  await again.context().close();
});

test('where everybody must have one, whoever has none sets it up to come in', async () => {
  await call(owner, 'POST', '/users', { email: MAYA, name: 'Maya', role: 'support', password: 'a password of hers' });
  await owner.goto(`${product.url}/#/settings/sign-in`);
  await owner.getByRole('switch', { name: 'Everybody needs a second step' }).click();
  await owner.getByRole('button', { name: 'Save', exact: true }).click();
  await owner.getByText('Settings saved').waitFor();
  const maya = await page({ viewport: { width: 390, height: 844 } });
  await maya.goto(product.url);
  await begin(maya, MAYA, 'a password of hers');
  await maya.getByRole('heading', { name: 'Set up a second step' }).waitFor();
  await maya.getByRole('img', { name: 'QR code' }).waitFor();
  assert.deepEqual(await violations(maya), []);
  await maya.getByRole('textbox', { name: /^Code/ }).fill(digits(await maya.locator('code').textContent()));
  await maya.getByRole('button', { name: 'Confirm' }).click();
  await maya.getByRole('list', { name: 'Recovery codes' }).waitFor();
  assert.equal((await listed(maya)).length, 10);
  assert.deepEqual(await violations(maya), []);
  await maya.getByRole('button', { name: 'I have kept them: open the inbox' }).click();
  await maya.getByRole('list', { name: 'Tickets' }).or(maya.getByText('Nothing')).first().waitFor();
  await owner.goto(`${product.url}/#/settings/people`);
  await owner.getByRole('button', { name: 'Reset the second step of Maya' }).click();
  assert.deepEqual(await violations(owner), []);
  await owner.getByRole('dialog').getByRole('button', { name: 'Reset', exact: true }).click();
  await owner.getByText('Maya signs in without a second step now').waitFor();
  await maya.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  await maya.context().close();
});

test('somebody makes new recovery codes, and switches it off once it is not demanded', async () => {
  await owner.goto(`${product.url}/#/settings/account`);
  await owner.getByRole('button', { name: 'New recovery codes…' }).click();
  const dialog = owner.getByRole('dialog');
  assert.equal(await owner.getByRole('button', { name: 'Switch off…' }).count(), 0, 'everybody must have one');
  await dialog.getByLabel('Your password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Use a recovery code' }).click();
  await dialog.getByRole('textbox', { name: 'Recovery code' }).fill(codes[1]);
  assert.deepEqual(await violations(owner), []);
  await dialog.getByRole('button', { name: 'Make new codes' }).click();
  await dialog.getByRole('list', { name: 'Recovery codes' }).waitFor();
  const fresh = await listed(owner);
  await dialog.getByRole('button', { name: 'I have kept them' }).click();
  await call(owner, 'PATCH', '/settings', { security: { second_step_required: false } });
  await owner.reload();
  await owner.getByRole('button', { name: 'Switch off…' }).click();
  await dialog.getByLabel('Your password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Use a recovery code' }).click();
  await dialog.getByRole('textbox', { name: 'Recovery code' }).fill(fresh[0]);
  await dialog.getByRole('button', { name: 'Switch off', exact: true }).click();
  await owner.getByText('The second step is off', { exact: true }).waitFor();
  await signOut(owner);
  await begin(owner);
  await owner.getByRole('button', { name: /^Account/ }).waitFor();
});
