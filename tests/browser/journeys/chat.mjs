// A chat on a page of another origin, which allows nothing but the widget: both sides live, over a reload and in a second
// tab, nothing typed is lost, and what somebody writes is never more than text.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent, Shop, Visitor, until } from '../chat.mjs';
import { PATIENCE, Product, call, launch, signIn, violations } from '../product.mjs';

let shop, product, browser, context, visitor, agent;
const complaints = [];

before(async () => {
  shop = await Shop.start();
  product = await Product.start({ origins: [shop.origin] });
  shop.desk = product.url;
  browser = await launch();
  context = await browser.newContext({ viewport: { width: 1000, height: 760 } });
  context.setDefaultTimeout(PATIENCE);
  context.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  context.on('weberror', (error) => complaints.push(String(error.error())));
  visitor = new Visitor(await context.newPage());
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.setDefaultTimeout(PATIENCE);
  await signIn(page, product.url);
  await call(page, 'PATCH', '/settings', { organization: { name: 'Acme' }, chat: { welcome_message: 'Hi! How can we help?' } });
  agent = new Agent(page, product.url);
});

after(async () => {
  await browser?.close();
  await product?.remove();
  await shop?.stop();
});

const dot = () => visitor.panel.locator('.typing');

test('H6: opened, the chat says welcome; what the visitor writes reaches the agent, and the answer is there live', async () => {
  await visitor.open(`${shop.origin}/mugs`);
  await visitor.sees('Hi! How can we help?');
  await visitor.write('Is the blue mug back?');
  await visitor.panel.getByText('Sent').waitFor();
  await agent.openTicket('Is the blue mug back?');
  await agent.answer('It is: https://shop.example.com/mugs/blue.');
  const link = visitor.panel.getByRole('link', { name: 'https://shop.example.com/mugs/blue', exact: true });
  assert.equal(await link.getAttribute('rel'), 'noopener noreferrer nofollow ugc');
});

test('each side sees that the other one writes', async () => {
  await agent.reply.pressSequentially('One moment');
  await dot().waitFor();
  await agent.reply.fill('');
  await dot().waitFor({ state: 'detached' });
  await visitor.field.pressSequentially('and the red');
  await agent.page.getByText(/is (typing|writing)/).waitFor();
});

test('what is being written survives a reload, and is not sent by it', async () => {
  await visitor.page.reload();
  await visitor.open();
  assert.equal(await visitor.field.inputValue(), 'and the red');
  await visitor.field.fill('and the red one?');
  await visitor.field.press('Enter');
  await visitor.seesAll(['Hi! How can we help?', 'Is the blue mug back?', 'It is: https://shop.example.com/mugs/blue.', 'and the red one?']);
});

test('closed, the launcher counts what was not seen; opened, it counts no more', async () => {
  await visitor.panel.getByRole('button', { name: 'Close the chat' }).click();
  await agent.answer('The red one too.');
  await agent.answer('Both at 12 dollars.');
  await visitor.page.getByRole('button', { name: 'Chat, 2 unread' }).waitFor();
  await visitor.page.reload();
  await visitor.page.getByRole('button', { name: 'Chat, 2 unread' }).click();
  await visitor.sees('Both at 12 dollars.');
  await visitor.panel.getByRole('button', { name: 'Close the chat' }).click();
  await visitor.page.getByRole('button', { name: 'Chat', exact: true }).waitFor();
});

test('a second tab shows the same chat, and each tab what is written in the other', async () => {
  const second = new Visitor(await context.newPage());
  await second.open(`${shop.origin}/cups`);
  await visitor.open();
  await second.write('I take both.');
  await visitor.write('And a spoon.');
  const all = await visitor.texts();
  await visitor.seesAll([...new Set([...all, 'I take both.', 'And a spoon.'])]);
  await second.seesAll(await visitor.texts());
  assert.equal((await call(agent.page, 'GET', '/tickets')).data.length, 1);
  await second.page.close();
});

test('HTML and script in a text and in a name are text, in the panel and in the console', async () => {
  const odd = '<img src=x onerror="document.title=1"><script>document.title=2</script> javascript:alert(1) https://a.example/"onclick="x';
  await visitor.panel.getByRole('textbox', { name: 'Email' }).fill('anna@example.com');
  await visitor.panel.getByRole('textbox', { name: 'Name (optional)' }).fill('<b onmouseover=alert(1)>Anna</b>');
  await visitor.panel.getByRole('button', { name: 'Save' }).click();
  await visitor.write(odd);
  await visitor.sees(odd);
  await agent.page.getByText(odd).first().waitFor();
  await agent.page.getByText('<b onmouseover=alert(1)>Anna</b>').first().waitFor();
  await agent.answer(odd);
  await until(async () => (await visitor.texts()).filter((text) => text === odd).length === 2, 'the answer is shown as it is');
  const links = await visitor.panel.locator('.bubble a').evaluateAll((all) => all.map((one) => one.href));
  assert.deepEqual(links.filter((href) => !href.startsWith('https://')), []);
  for (const page of [visitor.page, agent.page]) assert.doesNotMatch(await page.title(), /^[12]$/);
  assert.equal(await visitor.panel.locator('.bubble img').count(), 0);
});

test('by keyboard alone: open, write, an emoji, close, and the focus goes where one expects it', async () => {
  await visitor.page.reload();
  await visitor.launcher.focus();
  await visitor.page.keyboard.press('Enter');
  await until(async () => visitor.field.evaluate((field) => field === document.activeElement), 'the field has the focus');
  await visitor.page.keyboard.type('By hand');
  await visitor.page.keyboard.press('Tab');
  await visitor.page.keyboard.press('Enter');
  await visitor.page.keyboard.press('Shift+Tab');
  await visitor.panel.getByRole('group', { name: 'Emoji' }).getByRole('button', { name: '👍' }).focus();
  await visitor.page.keyboard.press('Enter');
  await visitor.page.keyboard.press('Escape');
  await visitor.panel.getByRole('group', { name: 'Emoji' }).waitFor({ state: 'detached' });
  await visitor.page.keyboard.press('Enter');
  await visitor.sees('By hand👍');
  await visitor.page.keyboard.press('Escape');
  await until(() => visitor.page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.tagName === 'BUTTON'), 'the launcher has the focus');
  assert.equal(await visitor.launcher.getAttribute('aria-expanded'), 'false');
});

test('the chat is ended on purpose only; the next message begins a new ticket (C-W)', async () => {
  await visitor.open();
  await visitor.panel.getByRole('button', { name: 'More' }).click();
  await visitor.panel.getByRole('button', { name: 'End chat' }).click();
  await visitor.panel.getByRole('button', { name: 'Cancel' }).click();
  await visitor.panel.getByRole('button', { name: 'More' }).click();
  await visitor.panel.getByRole('button', { name: 'End chat' }).click();
  await visitor.panel.getByText('End this chat?').waitFor();
  await visitor.panel.getByRole('button', { name: 'End chat' }).click();
  await visitor.panel.getByText('This chat has ended.').waitFor();
  await visitor.panel.getByText('How was this chat?').waitFor();
  await visitor.write('One more thing');
  await visitor.panel.getByText('This chat has ended.').waitFor({ state: 'detached' });
  await until(async () => (await call(agent.page, 'GET', '/tickets')).data.length === 2, 'there are two tickets');
});

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing in launcher and panel, ${colorScheme}`, async () => {
    await visitor.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await visitor.panel.getByRole('button', { name: 'Emoji' }).click();
    await visitor.panel.getByRole('button', { name: 'More' }).click();
    assert.deepEqual(await violations(await visitor.frame()), []);
    await visitor.panel.getByRole('button', { name: 'Email me this conversation' }).click();
    assert.deepEqual(await violations(await visitor.frame()), []);
    await visitor.panel.getByRole('button', { name: 'Cancel' }).click();
    await visitor.panel.getByRole('button', { name: 'Emoji' }).click();
    assert.deepEqual(await violations(visitor.page), [], 'the page with the launcher');
  });
}

test('neither page nor panel had anything forbidden in it', () => {
  assert.deepEqual(complaints, []);
});
