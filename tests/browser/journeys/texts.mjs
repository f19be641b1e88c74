// An agent's texts: no consent, no answer; what a text costs; words of the organisation's own; automatic answers; and
// nobody is woken up by accident.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATIENCE, Phone, Product, call, launch, signIn } from '../product.mjs';

let product, browser, agent, phone;

before(async () => {
  product = await Product.start();
  browser = await launch();
  agent = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  const customer = await (await browser.newContext({ viewport: { width: 1440, height: 1000 } })).newPage();
  for (const page of [agent, customer]) page.setDefaultTimeout(PATIENCE);
  await signIn(agent, product.url);
  await customer.goto(`${product.url}/sandbox`);
  phone = new Phone(customer);
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

const reply = () => agent.getByRole('textbox', { name: 'Reply' });
const odd = () => agent.getByRole('note', { name: 'Characters outside the plain alphabet' });
const send = (name = 'Send') => agent.getByRole('button', { name, exact: true });

async function openTicket() {
  await agent.goto(`${product.url}/#/inbox/all`);
  await agent.getByRole('list', { name: 'Tickets' }).getByRole('link').first().click();
  await reply().waitFor();
}

async function openSettings(page) {
  await agent.goto(`${product.url}/#/settings/${page}`);
  await agent.getByRole('heading', { level: 2 }).first().waitFor();
}

async function save() {
  await agent.getByRole('button', { name: 'Save', exact: true }).click();
  await agent.getByText('Settings saved').waitFor();
}

test('D3: without consent the composer is off and says how that changes; JOIN at the phone turns it on', async () => {
  await phone.text('Where is my order 1042?');
  await openTicket();
  await agent.getByRole('note', { name: 'You cannot reply' }).getByText('JOIN').waitFor();
  assert.equal(await reply().isDisabled(), true);
  await phone.text('JOIN');
  await phone.gets('you are subscribed');
  await agent.getByRole('note', { name: 'You cannot reply' }).waitFor({ state: 'detached' });
  assert.equal(await reply().isEnabled(), true);
  await agent.locator('summary', { hasText: 'History' }).click();
  await agent.getByText('Keyword JOIN').waitFor();
});

test('D5: the composer says what a text costs and which character makes it dear', async () => {
  await reply().fill('It left this morning.');
  await agent.getByText('1 segment · 139 left').waitFor();
  await reply().fill('It left this morning 😀');
  await odd().getByText('😀').waitFor();
  await agent.getByText('1 segment · 47 left').waitFor();
  await reply().fill('It’s on its way…');
  await odd().getByRole('button', { name: 'Use plain characters' }).click();
  assert.equal(await reply().inputValue(), "It's on its way...");
  await odd().waitFor({ state: 'detached' });
  await send().click();
  await phone.gets("It's on its way...");
});

/** A picture of noise, larger than any carrier takes: a browser cannot make it small without losing some. */
async function largePicture() {
  const made = await agent.evaluate(async () => {
    const canvas = new OffscreenCanvas(2400, 1800);
    const brush = canvas.getContext('2d');
    const noise = brush.createImageData(2400, 1800);
    for (let at = 0; at < noise.data.length; at++) noise.data[at] = at % 4 === 3 ? 255 : Math.random() * 255;
    brush.putImageData(noise, 0, 0);
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer());
    let text = '';
    for (let at = 0; at < bytes.length; at += 30_000) text += String.fromCharCode(...bytes.subarray(at, at + 30_000));
    return btoa(text);
  });
  return { name: 'IMG_2001.png', mimeType: 'image/png', buffer: Buffer.from(made, 'base64') };
}

test('D5: a picture too large for a text goes out redrawn; what is no picture is refused in words', async () => {
  const contract = { name: 'contract.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7') };
  await agent.getByLabel('Attach a picture').setInputFiles([await largePicture(), contract]);
  await agent.getByRole('alert').getByText('contract.pdf cannot be sent as a text').waitFor();
  await agent.getByRole('list', { name: 'Attached files' }).getByRole('img', { name: 'IMG_2001.jpg' }).waitFor();
  await reply().fill('This is the part.');
  await send().click();
  await phone.gets('This is the part.');
  const show = agent.getByRole('button', { name: 'Show IMG_2001.jpg' });
  await show.click();
  await agent.getByRole('dialog', { name: 'Picture IMG_2001.jpg' }).getByRole('link', { name: 'Download' }).waitFor();
  await agent.keyboard.press('Escape');
  await agent.getByRole('dialog').waitFor({ state: 'detached' });
});

test('I1: the first text after a campaign says what it answers, and leads to all answers', async () => {
  await phone.text('See you then');
  await agent.getByText('See you then').last().waitFor();
  const source = { kind: 'campaign', id: 'spring', name: 'Spring sale' };
  const message = { profile: { phone: '+15550107788' }, channel: 'sms', source, text: 'All boots 20 % off', send: true };
  await call(agent, 'POST', '/messages', message);
  await phone.gets('All boots 20 % off');
  await agent.getByRole('article', { name: 'Campaign · Spring sale, automatic' }).getByText('All boots').waitFor();
  await phone.text('Do you have them in 42?');
  await agent.getByRole('article').filter({ hasText: 'in 42' }).getByRole('button', { name: 'Answer to campaign Spring sale' }).click();
  await agent.getByRole('button', { name: 'Answers to Spring sale: show all again' }).waitFor();
  await agent.getByRole('list', { name: 'Tickets' }).getByText('in 42').waitFor();
});

test('B2: a word added in the settings subscribes from then on', async () => {
  await openSettings('keywords');
  const words = agent.getByRole('textbox', { name: 'Words that subscribe' });
  await words.fill('gold');
  await words.press('Enter');
  await agent.getByRole('button', { name: 'Remove GOLD' }).waitFor();
  await save();
  await phone.text('STOP');
  await phone.gets('you are unsubscribed');
  await openTicket();
  await agent.getByRole('note', { name: 'You cannot reply' }).waitFor();
  await phone.text('Gold');
  await agent.getByRole('note', { name: 'You cannot reply' }).waitFor({ state: 'detached' });
});

test('what the server refuses is said beside the field, and what is not saved is not left by accident', async () => {
  await openSettings('keywords');
  const words = agent.getByRole('textbox', { name: 'Words that subscribe' });
  await words.fill('stop');
  await words.press('Enter');
  await agent.getByRole('button', { name: 'Save', exact: true }).click();
  await agent.locator('.field', { has: words }).locator('.error-text').waitFor();
  await agent.getByRole('link', { name: 'Texts', exact: true }).click();
  await agent.getByRole('dialog').getByText('Words that subscribe').waitFor();
  await agent.getByRole('button', { name: 'Leave without saving' }).click();
  await agent.getByRole('heading', { name: 'Texts' }).waitFor();
  assert.equal(await agent.getByRole('region', { name: 'Changes not saved' }).count(), 0);
});

test('H1: the auto-responder shows what will be sent, and then sends it', async () => {
  await openSettings('auto-responder');
  await agent.getByRole('textbox', { name: 'Answer to everybody' }).fill('{{organization_prefix}}: nobody reads this. Write to {{support_email}}.');
  await agent.getByText('Frontdesk: nobody reads this. Write to support@acme.example.').waitFor();
  await agent.getByRole('button', { name: '1 change not saved' }).click();
  await save();
  await phone.text('Anybody there?');
  await phone.gets('Frontdesk: nobody reads this. Write to support@acme.example.');
});

test('D6: in quiet hours a text waits until they are over, can be taken back, and goes now only on purpose', async () => {
  // The two hours around now, on the customer's clock.
  const clock = (hours) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
  await call(agent, 'PATCH', '/settings', { sms: { quiet_hours: { from: clock(-1), to: clock(1) } } });
  const [ticket] = (await call(agent, 'GET', '/tickets')).data;
  await call(agent, 'PATCH', `/profiles/${ticket.profile.id}`, { time_zone: 'UTC' });
  await openTicket();
  await agent.getByRole('status', { name: 'Recipient’s time' }).getByText('quiet hours until').waitFor();
  await reply().fill('We will call you in the morning.');
  await agent.getByRole('button', { name: /^Send at .* their time$/ }).click();
  await agent.getByText(/^Goes out .* \(their time\)$/).waitFor();
  await agent.getByRole('button', { name: 'Cancel' }).click();
  await agent.getByText('Canceled, not sent').waitFor();
  await agent.getByRole('button', { name: 'Edit it' }).click();
  assert.equal(await reply().inputValue(), 'We will call you in the morning.');
  await agent.getByRole('button', { name: 'Other ways to send' }).click();
  await agent.getByRole('menuitem', { name: /Send now anyway/ }).click();
  await phone.gets('We will call you in the morning.');
});
