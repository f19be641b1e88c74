// Verifies Twilio's signature, publishes with a dedup id, and answers once JetStream has acknowledged.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import express from 'express';
import { connect, nanos } from 'nats';

const { NATS_URL, PORT_FILE, PUBLIC_URL, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN } = process.env;

const connection = await connect({ servers: NATS_URL });
const manager = await connection.jetstreamManager();
await manager.streams.add({
  name: 'INBOUND',
  subjects: ['inbound.>'],
  retention: 'workqueue',
  discard: 'new',
  duplicate_window: nanos(600_000),
});
const jetstream = connection.jetstream();

const isSigned = (request) => {
  const form = request.body;
  const signed = Object.keys(form).sort().reduce((text, name) => text + name + form[name], PUBLIC_URL + request.originalUrl);
  const wanted = createHmac('sha1', TWILIO_AUTH_TOKEN).update(signed).digest();
  const given = Buffer.from(request.get('x-twilio-signature') ?? '', 'base64');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
};

const app = express();
app.disable('x-powered-by').disable('etag');
app.post('/webhooks/sms/twilio', express.urlencoded({ extended: false }), async (request, response) => {
  const form = request.body;
  if (form.AccountSid !== TWILIO_ACCOUNT_SID || !isSigned(request)) {
    return response.status(403).end();
  }
  const id = `sms:twilio:${form.AccountSid}:${form.MessageSid}`;
  const received_at = new Date().toISOString();
  const event = {
    provider: 'twilio', account: form.AccountSid, external_id: form.MessageSid, from: form.From, to: form.To,
    text: form.Body, media: [], carrier_keyword: null, received_at,
  };
  try {
    await jetstream.publish('inbound.sms', JSON.stringify({ id, at: received_at, schema: 1, event }), { msgID: id });
  } catch {
    return response.status(503).end();
  }
  response.type('text/xml').send('<Response/>');
});
const server = app.listen(0, '127.0.0.1', () => {
  writeFileSync(PORT_FILE, String(server.address().port));
  console.log('ready');
});
