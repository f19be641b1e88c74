// A1: a passkey is added, signs in, is asked for where a second step is demanded, gets another name and is removed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { OWNER, PASSWORD, PATIENCE, Product, call, launch, signIn, violations } from '../product.mjs';

let product, browser, owner, authenticator;

before(async () => {
  // browsers keep passkeys for names, not for numbers
  product = await Product.start({ host: 'localhost' });
  browser = await launch();
  owner = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  owner.setDefaultTimeout(PATIENCE);
  authenticator = await Authenticator.of(owner);
  await signIn(owner, product.url);
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

/** The one that the browser pretends to have. */
class Authenticator {
  static async of(page) {
    const it = new Authenticator();
    it.cdp = await page.context().newCDPSession(page);
    await it.cdp.send('WebAuthn.enable');
    const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
    it.id = (await it.cdp.send('WebAuthn.addVirtualAuthenticator', { options })).authenticatorId;
    return it;
  }

  async credentials() {
    return (await this.cdp.send('WebAuthn.getCredentials', { authenticatorId: this.id })).credentials;
  }

  verifies(isUserVerified) {
    return this.cdp.send('WebAuthn.setUserVerified', { authenticatorId: this.id, isUserVerified });
  }
}

async function signOut() {
  await owner.getByRole('button', { name: /^Account/ }).click();
  await owner.getByRole('menuitem', { name: 'Sign out' }).click();
  await owner.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
}

const byPasskey = () => owner.getByRole('button', { name: 'Sign in with a passkey' });
const isIn = () => owner.getByRole('button', { name: /^Account/ }).waitFor();
const dialog = () => owner.getByRole('dialog');
const listed = () => owner.getByRole('list', { name: 'Passkeys' }).getByRole('listitem');

test('somebody adds a passkey, after their password', async () => {
  await owner.goto(`${product.url}/#/settings/account`);
  await owner.getByRole('button', { name: 'Add a passkey…' }).click();
  assert.deepEqual(await violations(owner), []);
  await dialog().getByLabel('Your password').fill('not my password');
  await dialog().getByRole('button', { name: 'Continue' }).click();
  await dialog().getByRole('alert').getByText('not your password').waitFor();
  await dialog().getByLabel('Name').fill('Laptop');
  await dialog().getByLabel('Your password').fill(PASSWORD);
  await dialog().getByRole('button', { name: 'Continue' }).click();
  await owner.getByText('Passkey added; you are signed out everywhere else').waitFor();
  await listed().getByText('Laptop', { exact: true }).waitFor();
  await listed().getByText('not used yet').waitFor();
  const [credential] = await authenticator.credentials();
  assert.ok(credential.isResidentCredential && credential.rpId === 'localhost' && credential.userName === OWNER, JSON.stringify(credential));
  assert.deepEqual(await violations(owner), []);
});

test('the same device gets no second one', async () => {
  await owner.getByRole('button', { name: 'Add a passkey…' }).click();
  await dialog().getByLabel('Your password').fill(PASSWORD);
  await dialog().getByRole('button', { name: 'Continue' }).click();
  await dialog().getByRole('alert').getByText('This device has a passkey of yours already.').waitFor();
  await dialog().getByRole('button', { name: 'Try again' }).waitFor();
  assert.deepEqual(await violations(owner), []);
  await dialog().getByRole('button', { name: 'Cancel' }).click();
});

test('they come in by it, when the device knows that it is they', async () => {
  await signOut();
  await authenticator.verifies(false);
  await byPasskey().click();
  await owner.getByRole('alert').waitFor();
  assert.deepEqual(await violations(owner), []);
  await authenticator.verifies(true);
  await byPasskey().click();
  await isIn();
  await owner.goto(`${product.url}/#/settings/account`);
  await listed().getByText('last used').waitFor();
});

test('where everybody must have a second step, the password alone leads to the passkey', async () => {
  await call(owner, 'PATCH', '/settings', { security: { second_step_required: true } });
  await signOut();
  await owner.getByLabel('Email').fill(OWNER);
  await owner.getByLabel('Password').fill(PASSWORD);
  await owner.getByRole('button', { name: 'Sign in', exact: true }).click();
  await owner.getByText('yours is your passkey').waitFor();
  assert.deepEqual((await owner.context().cookies()).filter(({ name, value }) => name === 'frontdesk_session' && value), []);
  assert.deepEqual(await violations(owner), []);
  await byPasskey().click();
  await isIn();
  await owner.goto(`${product.url}/#/settings/account`);
  await owner.getByRole('button', { name: 'Remove the passkey Laptop' }).click();
  await dialog().getByLabel('Your password').fill(PASSWORD);
  await dialog().getByRole('button', { name: 'Remove', exact: true }).click();
  await dialog().getByRole('alert').getByText('everybody here must have a second step').waitFor();
  await dialog().getByRole('button', { name: 'Cancel' }).click();
  await call(owner, 'PATCH', '/settings', { security: { second_step_required: false } });
});

test('it gets another name, and once it is removed it lets nobody in', async () => {
  await owner.emulateMedia({ colorScheme: 'dark' });
  await owner.setViewportSize({ width: 390, height: 844 });
  await owner.getByRole('button', { name: 'Rename the passkey Laptop' }).click();
  assert.deepEqual(await violations(owner), []);
  await dialog().getByLabel('Name').fill('The old laptop');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await owner.getByRole('button', { name: 'Remove the passkey The old laptop' }).click();
  assert.deepEqual(await violations(owner), []);
  await dialog().getByLabel('Your password').fill(PASSWORD);
  await dialog().getByRole('button', { name: 'Remove', exact: true }).click();
  await owner.getByText('Passkey removed; you are signed out everywhere else').waitFor();
  await listed().waitFor({ state: 'detached' });
  assert.deepEqual(await violations(owner), []);
  await owner.setViewportSize({ width: 1440, height: 900 });
  await signOut();
  assert.equal((await authenticator.credentials()).length, 1, 'the device still has it');
  await byPasskey().click();
  await owner.getByRole('alert').getByText('lets nobody in here').waitFor();
  await owner.setViewportSize({ width: 390, height: 844 });
  assert.deepEqual(await violations(owner), []);
});
