// Pictures for docs/: the console, the sandbox and the widget; desktop and phone, light and dark.
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Shop, Visitor, until } from './chat.mjs';
import { Phone, Product, call, launch, signIn } from './product.mjs';

const docs = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs');
mkdirSync(docs, { recursive: true });
const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

const shop = await Shop.start();
const product = await Product.start({ origins: [shop.origin] });
shop.desk = product.url;
const browser = await launch();
try {
  const customer = await browser.newPage({ viewport: { width: 1440, height: 1000 } });
  await fill(customer);
  await chats(customer);
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ['light', 'dark']) {
      const context = await browser.newContext({ viewport, colorScheme });
      const page = await context.newPage();
      const shot = (name) => page.screenshot({ path: join(docs, `${name}-${size}-${colorScheme}.png`) });
      await signIn(page, product.url);
      await page.goto(`${product.url}/#/inbox/all`);
      await page.getByRole('list', { name: 'Tickets' }).getByText('order 1042').first().waitFor();
      if (size === 'phone') await shot('console-list');
      await page.getByRole('list', { name: 'Tickets' }).getByText('order 1042').first().click();
      await page.getByRole('textbox', { name: 'Reply' }).fill('Good news: it’s on its way. You’ll have it on Thursday.');
      await page.getByRole('note', { name: 'Characters outside the plain alphabet' }).waitFor();
      await page.waitForTimeout(600);
      await shot('console');
      for (const name of ['keywords', 'auto-responder']) {
        await page.goto(`${product.url}/#/settings/${name}`);
        await page.getByText('On the phone').first().waitFor();
        await page.waitForTimeout(400);
        await shot(`settings-${name}`);
      }
      await page.goto(`${product.url}/sandbox`);
      await page.waitForTimeout(1200);
      await shot('sandbox');
      await page.goto(`${product.url}/#/settings/chat`);
      await page.getByRole('figure', { name: 'Preview of the chat' }).frameLocator('iframe').getByRole('heading').first().waitFor();
      await page.waitForTimeout(600);
      await shot('settings-chat');
      await context.close();
    }
  }
} finally {
  await browser.close();
  await product.remove();
  await shop.stop();
}

/** The widget in the middle of a chat: wide and on a phone, light and dark, from left to right and from right to left. */
async function chats(page) {
  const looks = [
    { name: 'widget-desktop-light' },
    { name: 'widget-desktop-dark', colorScheme: 'dark' },
    { name: 'widget-phone-light', phone: true },
    { name: 'widget-phone-dark', phone: true, colorScheme: 'dark' },
    { name: 'widget-desktop-rtl', locale: 'ar', position: 'left', asks: 'هل عاد الكوب الأزرق؟', answers: 'نعم، وصل هذا الصباح.' },
  ];
  await call(page, 'PATCH', '/settings', { chat: { welcome_message: 'Hi! How can we help?' } });
  for (const [at, look] of looks.entries()) {
    const { name, phone, locale = 'en-GB', position = 'right', asks = 'Hi, is the blue mug back in stock?', answers = 'It is, since this morning: https://shop.acme.example/mugs/blue' } = look;
    const viewport = phone ? sizes.phone : { width: 900, height: 760 };
    const context = await browser.newContext({ viewport, locale, colorScheme: look.colorScheme ?? 'light', isMobile: Boolean(phone), hasTouch: Boolean(phone) });
    const visitor = new Visitor(await context.newPage());
    visitor.field = visitor.panel.locator('.field textarea');
    await visitor.page.goto(`${shop.origin}/?position=${position}`);
    await visitor.page.locator('button').first().click();
    await visitor.field.waitFor();
    await visitor.write(asks);
    await visitor.panel.locator('.card').waitFor();
    await visitor.panel.locator('.card .plain').click();
    await until(async () => (await call(page, 'GET', '/tickets?channel=chat')).data.length === at + 1, 'the ticket is there');
    const [ticket] = (await call(page, 'GET', '/tickets?channel=chat')).data;
    await call(page, 'POST', `/tickets/${ticket.id}/messages`, { text: answers });
    await call(page, 'PATCH', `/tickets/${ticket.id}`, { unread: false });
    await visitor.panel.getByText(answers.split(':')[0]).waitFor();
    await visitor.write(locale === 'ar' ? 'رائع، شكرًا!' : 'Great, I take two. Thank you!');
    await visitor.panel.locator('.bubble.sending').waitFor({ state: 'detached' });
    await visitor.page.waitForTimeout(500);
    await visitor.page.screenshot({ path: join(docs, `${name}.png`) });
    await context.close();
  }
}

async function fill(page) {
  await signIn(page, product.url);
  const profile = { phone: '+15550107788' };
  const source = { kind: 'campaign', id: 'spring', name: 'Spring sale' };
  await call(page, 'PATCH', '/settings', { organization: { name: 'Acme', prefix: 'Acme' }, sms: { auto_responder: { mode: 'non_consented' } } });
  await page.goto(`${product.url}/sandbox`);
  const phone = new Phone(page);
  await phone.text('JOIN');
  await phone.gets('you are subscribed');
  const text = 'Acme: 20 % off all boots until Sunday. https://shop.acme.example/boots Reply STOP to opt out.';
  await call(page, 'POST', '/messages', { profile, channel: 'sms', source, text, send: true });
  await phone.gets('20 % off');
  await phone.text('Hi! Where is my order 1042? It should have been here on Tuesday.');
  await page.waitForTimeout(800);
  const [ticket] = (await call(page, 'GET', '/tickets')).data;
  await call(page, 'PATCH', `/profiles/${ticket.profile.id}`, { name: 'Maria Lopez', location: 'New York', time_zone: 'America/New_York' });
  const mailbox = page.getByRole('region', { name: 'Mailbox' });
  const mails = [
    ['Invoice for September', 'Hello,\n\nour accounting needs the September invoice with the VAT number on it.\n\nThank you\nAnna'],
    ['Do the trail boots run small?', 'Hi,\n\nI am usually a 42. Should I take a 43?\n\nBest\nAnna'],
  ];
  for (const [subject, words] of mails) {
    await mailbox.getByRole('textbox', { name: 'Subject' }).fill(subject);
    await mailbox.getByRole('textbox', { name: 'Mail text' }).fill(words);
    await mailbox.getByRole('button', { name: 'Send mail' }).click();
    await page.waitForTimeout(800);
  }
}
