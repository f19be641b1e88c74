// Calendar files in mails: told in words, in one's own zone, and outdated by what comes later.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATIENCE, Product, launch, signIn, violations } from '../product.mjs';

const KEY = 'a key for the door of mails';
let product, browser, agent;

before(async () => {
  product = await Product.start({ env: { FRONTDESK_EMAIL__WEBHOOK_KEY: KEY } });
  browser = await launch();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, timezoneId: 'America/New_York', locale: 'en-GB' });
  agent = await context.newPage();
  agent.setDefaultTimeout(PATIENCE);
  await signIn(agent, product.url);
});

after(async () => {
  await browser?.close();
  await product?.remove();
});

async function pictures(name) {
  if (!process.env.PICTURES) return;
  for (const [size, viewport] of Object.entries({ desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } })) {
    for (const colorScheme of ['light', 'dark']) {
      await agent.setViewportSize(viewport);
      await agent.emulateMedia({ colorScheme });
      await agent.screenshot({ path: `${process.env.PICTURES}/${name}-${size}-${colorScheme}.png` });
    }
  }
  await agent.emulateMedia({ colorScheme: 'light' });
  await agent.setViewportSize({ width: 1440, height: 900 });
}

const event = (method, lines) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', `METHOD:${method}`, 'BEGIN:VEVENT', 'UID:7@customer.example', ...lines, 'END:VEVENT', 'END:VCALENDAR'].join('\r\n');
const facts = [
  'SUMMARY:Handing over order 1042',
  'DTSTART;TZID=W. Europe Standard Time:20261201T100000',
  'DTEND;TZID=W. Europe Standard Time:20261201T103000',
  'LOCATION:Warehouse 3\\, gate B',
  'ORGANIZER;CN=Anna Lee:mailto:anna@customer.example',
  'ATTENDEE;CN=Support;PARTSTAT=NEEDS-ACTION:mailto:support@acme.example',
  'ATTENDEE;CN=Ben Roy;PARTSTAT=ACCEPTED;ROLE=OPT-PARTICIPANT:mailto:ben@customer.example',
  'RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20261229T090000Z',
];

/** A mail with a calendar file comes in over HTTP, as mail programs send it. */
async function receive(id, subject, calendar, more = []) {
  const mail = ['From: Anna Lee <anna@customer.example>', 'To: Support <support@acme.example>', `Subject: ${subject}`,
    `Message-ID: <${id}@customer.example>`, ...more, 'MIME-Version: 1.0', 'Content-Type: multipart/alternative; boundary="x"', '',
    '--x', 'Content-Type: text/plain; charset=utf-8', '', `Anna Lee about ${subject}`,
    '--x', 'Content-Type: text/calendar; charset=utf-8; method=REQUEST', '', calendar, '--x--', ''];
  const answer = await fetch(`${product.url}/webhooks/email?rcpt=support@in.acme.example`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'message/rfc822' },
    body: mail.join('\r\n'),
  });
  assert.equal(answer.status, 202, await answer.text());
}

const cards = () => agent.getByRole('region', { name: /Handing over order 1042/ });

test('an invitation is told in one’s own zone and in its writer’s', async () => {
  await receive('c1', 'Handing over', event('REQUEST', facts));
  await agent.goto(`${product.url}/#/inbox/all`);
  await agent.getByRole('list', { name: 'Tickets' }).getByText('Handing over').first().click();
  const card = cards().first();
  await card.getByText('Warehouse 3, gate B').waitFor();
  const text = await card.textContent();
  assert.match(text, /4:00.+4:30/, 'as the clocks of New York show it');
  assert.match(text, /10:00.+10:30 in Berlin/);
  assert.match(text, /Every week on Tue, until 29 Dec 2026/);
  assert.match(text, /Ben Roy\s*\(comes, optional\)/);
  assert.match(await card.getByRole('link', { name: 'Download for your calendar' }).getAttribute('href'), /\/attachments\//);
  assert.deepEqual(await violations(agent), []);
  await pictures('invitation');
});

test('what comes later says that it is not so any more', async () => {
  const answers = ['In-Reply-To: <c1@customer.example>'];
  await receive('c2', 'Handing over, later', event('REQUEST', [...facts, 'SEQUENCE:1']), answers);
  await agent.getByText('Changed since').waitFor();
  await receive('c3', 'Handing over is off', event('CANCEL', [...facts, 'SEQUENCE:2', 'STATUS:CANCELLED']), answers);
  await agent.getByText('Called off since').first().waitFor();
  assert.equal(await agent.getByText('Called off since').count(), 2);
  await pictures('invitation-off');
});
