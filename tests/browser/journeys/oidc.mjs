// A1: people sign in through the organisation's identity provider; its tie is shown and taken away; passwords are for owners.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Relay, readable, until } from '../chat.mjs';
import { OpenId } from '../openid.mjs';
import { OWNER, PASSWORD, Product, call, launch, signIn, violations } from '../product.mjs';

const MAYA = { sub: 'm-1', email: 'maya@acme.example', email_verified: true, name: 'Maya' };
const EVE = { sub: 'e-1', email: 'eve@evil.example', email_verified: true, name: 'Eve' };
let provider, relay, product, browser, owner;

before(async () => {
  provider = await OpenId.start([MAYA, EVE]);
  relay = await Relay.start();
  product = await Product.start({ env: provider.env({ FRONTDESK_RELAY__URL: relay.url }) });
  browser = await launch();
  owner = await page();
  await signIn(owner, product.url);
  await call(owner, 'POST', '/users', { email: MAYA.email, name: 'Maya', role: 'manager', password: 'a password of hers' });
});

after(async () => {
  await browser?.close();
  await product?.remove();
  await relay?.stop();
  await provider?.stop();
});

async function page(more = {}) {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 }, ...more })).newPage();
  page.setDefaultTimeout(15_000);
  return page;
}

const door = (page) => page.getByRole('link', { name: 'Sign in with Acme ID' });

/** Through the provider, as somebody. */
async function through(page, who) {
  await door(page).click();
  await page.getByRole('link', { name: who === null ? 'Cancel' : `Continue as ${who.name}` }).click();
}

test('somebody who is known comes in, and is the same with another key and another address', async () => {
  const maya = await page({ viewport: { width: 390, height: 844 } });
  await maya.goto(product.url);
  await door(maya).waitFor();
  assert.deepEqual(await violations(maya), []);
  await through(maya, MAYA);
  await maya.getByRole('list', { name: 'Tickets' }).or(maya.getByText('Nothing')).first().waitFor();
  assert.equal(new URL(maya.url()).origin, product.url);
  assert.ok(!maya.url().includes('code='), maya.url());
  assert.equal((await call(maya, 'GET', '/session')).user.email, MAYA.email);
  const cookies = await maya.context().cookies();
  assert.deepEqual(cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]), [['frontdesk_session', true, 'Lax']]);
  await call(maya, 'DELETE', '/session');
  provider.rotate();
  MAYA.email = 'maya.stone@acme.example';
  // a link leads to a place, also by way of the provider
  await maya.goto('about:blank');
  await maya.goto(`${product.url}/#/settings/account`);
  await through(maya, MAYA);
  await maya.getByRole('heading', { name: 'Your account' }).waitFor();
  assert.equal((await call(maya, 'GET', '/session')).user.email, 'maya@acme.example');
  await maya.getByText('You are maya.stone@acme.example there.').waitFor();
  assert.deepEqual(await violations(maya), []);
  await maya.context().close();
});

test('whoever is not let in is told why, once', async () => {
  const eve = await page({ colorScheme: 'dark' });
  await eve.goto(product.url);
  await through(eve, EVE);
  await eve.getByRole('alert').getByText('Nobody here knows your address at Acme ID').waitFor();
  assert.deepEqual(await violations(eve), []);
  await eve.reload();
  await door(eve).waitFor();
  assert.equal(await eve.getByRole('alert').count(), 0);
  await through(eve, null);
  await eve.getByRole('alert').getByText('was cancelled').waitFor();
  await eve.goto(`${product.url}/api/v1/session/oidc/callback?code=x&state=y`);
  await eve.getByRole('alert').getByText('Sign in again').waitFor();
  await eve.goto(`${product.url}/#/sign-in?problem=${encodeURIComponent('<img src=x>')}`);
  await eve.reload();
  await eve.getByRole('alert').getByText('That did not work').waitFor();
  await eve.context().close();
});

test('admins see who is tied to the provider, and take that away', async () => {
  await owner.goto(`${product.url}/#/settings/people`);
  await owner.getByText('single sign-on').waitFor();
  await owner.getByRole('button', { name: 'Unlink Maya from single sign-on' }).click();
  assert.deepEqual(await violations(owner), []);
  await owner.getByRole('dialog').getByRole('button', { name: 'Unlink', exact: true }).click();
  await owner.getByText('Maya is unlinked from single sign-on').waitFor();
  assert.equal(await owner.getByText('single sign-on', { exact: true }).count(), 0);
  await owner.goto(`${product.url}/#/settings/sign-in`);
  await owner.getByText('Whoever signs in with Acme ID is not asked for a second step here').waitFor();
  await owner.goto(`${product.url}/#/settings/audit`);
  await owner.getByText('unlinked the person Maya from the identity provider').waitFor();
});

test('where passwords are for owners, their form is behind a button, and others are invited through the provider', async () => {
  await product.stop();
  product.env = { ...product.env, FRONTDESK_OIDC__PASSWORD_SIGN_IN: 'false' };
  await product.start();
  const kim = await page({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
  await kim.goto(product.url);
  await door(kim).waitFor();
  assert.ok(await kim.getByLabel('Password').isHidden());
  assert.deepEqual(await violations(kim), []);
  await kim.getByRole('button', { name: 'Owner sign-in' }).click();
  assert.deepEqual(await violations(kim), []);
  const fill = async (email, password) => {
    await kim.getByLabel('Email').fill(email);
    await kim.getByLabel('Password').fill(password);
    await kim.getByRole('button', { name: 'Sign in', exact: true }).click();
  };
  await fill('maya@acme.example', 'a password of hers');
  await kim.getByRole('alert').getByText('wrong').waitFor();
  await fill(OWNER, PASSWORD);
  await kim.getByRole('list', { name: 'Tickets' }).or(kim.getByText('Nothing')).first().waitFor();
  await call(kim, 'POST', '/invitations', { email: EVE.email, role: 'support' });
  await kim.context().close();
  const found = () => relay.mails.map(readable).join('\n').match(/\S+\/#\/invitation\?token=\S+/)?.[0];
  await until(() => found() !== undefined, 'the mail');
  const eve = await page();
  await eve.goto(found());
  await eve.getByRole('heading', { name: 'Join' }).waitFor();
  assert.ok(await eve.getByLabel('Password').isHidden());
  assert.deepEqual(await violations(eve), []);
  if (process.env.PICTURES) await eve.screenshot({ path: `${process.env.PICTURES}/invitation.png` });
  await through(eve, EVE);
  await eve.getByRole('list', { name: 'Tickets' }).or(eve.getByText('Nothing')).first().waitFor();
  const { user } = await call(eve, 'GET', '/session');
  assert.deepEqual([user.name, user.role], ['Eve', 'support']);
  await eve.context().close();
});
