// H8, H9: the visitor leaves, the agent answers, one mail comes through a real relay; its button leads back into the chat.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent, Relay, Shop, Visitor, readable, until } from '../chat.mjs';
import { PATIENCE, Product, call, launch, signIn } from '../product.mjs';

let shop, relay, product, browser, visitor, agent;

before(async () => {
  shop = await Shop.start();
  relay = await Relay.start();
  product = await Product.start({ origins: [shop.origin], env: { FRONTDESK_RELAY__URL: relay.url } });
  shop.desk = product.url;
  browser = await launch();
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.setDefaultTimeout(PATIENCE);
  await signIn(page, product.url);
  await call(page, 'PATCH', '/settings', {
    organization: { name: 'Acme', privacy_url: 'https://shop.example.com/privacy' },
    chat: { follow_up: { enabled: true, delay_seconds: 8 } },
  });
  agent = new Agent(page, product.url);
  visitor = await somebody();
});

after(async () => {
  await browser?.close();
  await product?.remove();
  await relay?.stop();
  await shop?.stop();
});

async function somebody() {
  const context = await browser.newContext({ viewport: { width: 1000, height: 760 } });
  context.setDefaultTimeout(PATIENCE);
  return new Visitor(await context.newPage());
}

const banner = () => agent.page.getByRole('status', { name: 'Visitor' });
const ours = () => relay.mails.filter((mail) => /new message from Acme/.test(readable(mail)));

test('the ticket says that the visitor left, that a mail will go out, and lets the agent stop it', async () => {
  await visitor.open(`${shop.origin}/mugs?size=2`);
  await visitor.write('Please tell me when it is back');
  await visitor.panel.getByRole('textbox', { name: 'Email' }).fill('anna@example.com');
  await visitor.panel.getByRole('button', { name: 'Save' }).click();
  await agent.openTicket('Please tell me');
  await visitor.page.goto('about:blank');
  await banner().getByText('The visitor has left').waitFor();
  await agent.answer('It is back');
  await banner().getByText('They get one mail').waitFor();
  await banner().getByRole('button', { name: 'Do not send' }).click();
  await banner().getByText('The mail was cancelled').waitFor();
});

test('several answers, one mail; its button opens the same chat on the page it began on', async () => {
  await agent.answer('And the red one too');
  await banner().getByText('They get one mail').waitFor();
  await agent.answer('Both at 12 dollars');
  await until(() => ours().length === 1, 'one mail came');
  const mail = readable(ours()[0]);
  for (const part of ['To: anna@example.com', 'You have a new message from Acme', 'And the red one too', 'Both at 12 dollars', 'https://shop.example.com/privacy']) {
    assert.ok(mail.includes(part), `${part} in ${mail}`);
  }
  const [link] = mail.match(new RegExp(`${product.url}/c/[\\w.-]+`)) ?? [];
  assert.ok(link, mail);
  const elsewhere = await somebody();
  await elsewhere.page.goto(link);
  await elsewhere.sees('Both at 12 dollars');
  await elsewhere.sees('Please tell me when it is back');
  assert.equal(elsewhere.page.url(), `${shop.origin}/mugs?size=2`);
  await banner().waitFor({ state: 'detached' });
  await elsewhere.write('Then I come by');
  await agent.page.getByText('Then I come by').first().waitFor();
  assert.equal((await call(agent.page, 'GET', '/tickets')).data.length, 1);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  assert.equal(ours().length, 1, 'and it stays one mail');
  await elsewhere.page.context().close();
});
