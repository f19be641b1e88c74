// Pictures for docs/: the console, the sandbox and the widget; desktop and phone, light and dark.
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Product, launch, signIn } from './product.mjs';

const docs = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs');
mkdirSync(docs, { recursive: true });
const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

const product = await Product.start();
const browser = await launch();
try {
  const customer = await browser.newPage({ viewport: { width: 1440, height: 1000 } });
  await fill(customer);
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
      await page.getByRole('textbox', { name: 'Reply' }).waitFor();
      await page.waitForTimeout(600);
      await shot('console');
      await page.goto(`${product.url}/sandbox`);
      await page.waitForTimeout(1200);
      await shot('sandbox');
      await page.goto(`${product.url}/sandbox/shop`);
      await page.getByRole('button', { name: /chat/i }).click();
      await page.waitForTimeout(1500);
      await shot('widget');
      await context.close();
    }
  }
} finally {
  await browser.close();
  await product.remove();
}

async function fill(page) {
  await page.goto(`${product.url}/sandbox`);
  const phone = page.getByRole('region', { name: 'Phone' });
  for (const words of ['JOIN', 'Hi! Where is my order 1042? It should have been here on Tuesday.']) {
    await phone.getByRole('textbox', { name: 'Text message' }).fill(words);
    await phone.getByRole('button', { name: 'Send text' }).click();
    await page.waitForTimeout(800);
  }
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
