// Which of frontdesk.toml and the console owns a value: each screen of settings says it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATIENCE, Product, launch, signIn, violations } from '../product.mjs';

let product, browser, agent;

before(async () => {
  product = await Product.start();
  browser = await launch();
  agent = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  agent.setDefaultTimeout(PATIENCE);
  await signIn(agent, product.url);
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

const note = () => agent.getByRole('note', { name: 'Where this is set' });

for (const [page, section, ours] of [
  ['numbers', '[[sms.numbers]]', 'keywords, automatic answers'],
  ['mailboxes', '[[email.mailboxes]]', 'display names, signatures'],
  ['chat', '[[chat.sites]]', 'how the chat looks'],
]) {
  test(`${page}: the values come from frontdesk.toml, and it says why they cannot be changed here`, async () => {
    await agent.goto(`${product.url}/#/settings/${page}`);
    await note().getByText(section).waitFor();
    await note().getByText('cannot be changed here').waitFor();
    await note().getByText(`Set here, and not in the file: ${ours}`).waitFor();
    assert.deepEqual(await violations(agent), [], page);
    if (!process.env.PICTURES) return;
    for (const [size, viewport] of Object.entries({ desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } })) {
      for (const colorScheme of ['light', 'dark']) {
        await agent.setViewportSize(viewport);
        await agent.emulateMedia({ colorScheme });
        await agent.screenshot({ path: `${process.env.PICTURES}/owner-${page}-${size}-${colorScheme}.png` });
      }
    }
    await agent.emulateMedia({ colorScheme: 'light' });
    await agent.setViewportSize({ width: 1440, height: 900 });
  });
}

test('the console owns its settings: the file says nothing about them', async () => {
  for (const page of ['organization', 'keywords', 'auto-responder', 'texts', 'answers', 'notifications', 'privacy']) {
    await agent.goto(`${product.url}/#/settings/${page}`);
    await agent.getByRole('heading', { level: 2 }).first().waitFor();
    await agent.getByText('kept in the database; frontdesk.toml says nothing about it').waitFor();
  }
});
