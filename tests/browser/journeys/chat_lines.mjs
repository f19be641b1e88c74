// Bad lines: cut for two seconds and for a minute, the server killed and started again. Both sides, and a second tab of the
// visitor whose line is good, show every message once and in the same order; nothing that was typed is lost.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent, Shop, Visitor, until } from '../chat.mjs';
import { PATIENCE, Product, call, launch, signIn } from '../product.mjs';

/** Longer than the widget waits for a sign of life; the whole minute takes too long for every day. */
const MINUTE = process.env.TEST_LONG === '1' ? 60_000 : 6_000;

let shop, product, browser, visitor, tab, agent, cdp;
const said = [];

before(async () => {
  shop = await Shop.start();
  product = await Product.start({ origins: [shop.origin] });
  shop.desk = product.url;
  browser = await launch();
  const context = await browser.newContext({ viewport: { width: 1000, height: 760 } });
  context.setDefaultTimeout(PATIENCE);
  visitor = new Visitor(await context.newPage());
  cdp = await context.newCDPSession(visitor.page);
  await cdp.send('Network.enable');
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.setDefaultTimeout(PATIENCE);
  await signIn(page, product.url);
  agent = new Agent(page, product.url);
  await visitor.open(`${shop.origin}/`);
  await visitorSays('Hello');
  await visitor.panel.getByText('Sent').waitFor();
  await visitor.panel.getByRole('button', { name: 'Not now' }).click();
  await agent.openTicket('Hello');
  tab = new Visitor(await context.newPage());
  await tab.open(`${shop.origin}/cups`);
});

after(async () => {
  await browser?.close();
  await product?.remove();
  await shop?.stop();
});

const network = (offline) =>
  cdp.send('Network.emulateNetworkConditions', { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });

const visitorSays = (text) => (said.push(text), visitor.write(text));

/** Once the desk has it: an answer that crosses a question is asked about first, and this is not about that. */
async function agentSays(text) {
  said.push(text);
  await agent.answer(text);
  await until(async () => (await stored()).some((one) => one.text === text), `the desk has ${text}`);
}

async function stored() {
  const [ticket] = (await call(agent.page, 'GET', '/tickets')).data;
  return (await call(agent.page, 'GET', `/tickets/${ticket.id}/messages`)).data;
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Every message once on both sides, in the order of the desk, and each side's own in the order they were written. */
async function bothSidesAgree() {
  let all = [];
  await until(async () => {
    all = await stored();
    return JSON.stringify(all.map((one) => one.text).sort()) === JSON.stringify([...said].sort()) || all.map((one) => one.text);
  }, `the desk has ${said}`);
  const texts = all.map((one) => one.text);
  for (const direction of ['in', 'out']) {
    const those = all.filter((one) => one.direction === direction).map((one) => one.text);
    assert.deepEqual(those, said.filter((text) => those.includes(text)), direction);
  }
  await visitor.seesAll(texts);
  await tab.seesAll(texts);
  await agent.seesAll(texts);
}

test('a cut of two seconds goes unnoticed', async () => {
  for (let turn = 1; turn <= 3; turn += 1) {
    await network(true);
    await agentSays(`Answer ${turn} in a short cut`);
    await visitorSays(`Question ${turn} in a short cut`);
    await pause(2_000);
    await network(false);
    // The next answer is not to cross this question.
    await bothSidesAgree();
  }
});

test(`a cut of ${MINUTE / 1000} seconds is said, and what is written in it waits`, async () => {
  await network(true);
  await visitor.panel.getByText('You are offline.').waitFor();
  await visitorSays('Are you still there?');
  await agentSays('We are.');
  await visitorSays('I cannot hear you');
  await visitor.panel.getByText('Sending…').first().waitFor();
  await visitor.field.fill('half a sen');
  await pause(MINUTE);
  await agentSays('Take your time.');
  await network(false);
  await visitor.panel.getByText('You are offline.').waitFor({ state: 'detached' });
  await bothSidesAgree();
  assert.equal(await visitor.field.inputValue(), 'half a sen');
});

test('what is said in the second tab while the first one is cut is in both', async () => {
  await network(true);
  said.push('From the other tab');
  await tab.write('From the other tab');
  await tab.sees('From the other tab');
  // The answer is not to cross it either.
  await agent.page.getByRole('article').filter({ hasText: 'From the other tab' }).waitFor();
  await agentSays('To both tabs');
  await network(false);
  await bothSidesAgree();
});

test('what was written without a network is sent after the page was loaded anew', async () => {
  await network(true);
  await visitorSays('Written in a tunnel');
  await network(false);
  await visitor.page.reload();
  await visitor.open();
  await bothSidesAgree();
});

test('the server is killed in the middle and started again: both sides go on by themselves', async () => {
  await agentSays('Before the crash');
  await visitor.sees('Before the crash');
  const dying = product.kill();
  await visitorSays('Into the crash');
  await dying;
  await visitorSays('During the crash');
  await visitor.panel.getByText('You are offline.').waitFor();
  await product.start();
  await bothSidesAgree();
  await agentSays('After the crash');
  await bothSidesAgree();
});

test('the server is stopped and started again: nobody has to reload', async () => {
  const stopping = product.stop();
  await visitorSays('While it stops');
  assert.equal(await stopping, 0);
  await product.start();
  await bothSidesAgree();
  await agentSays('Here again');
  await bothSidesAgree();
});
