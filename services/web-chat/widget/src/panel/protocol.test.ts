import { expect, test } from 'vitest';
import fromClient from '../../../protocol/client.json';
import fromServer from '../../../protocol/server.json';
import overHttp from '../../../protocol/stream.json';
import { readFrame, writeFrame, type ClientFrame } from './protocol';

test('every golden frame of the server is read', () => {
  const { stream, closed, ...answers } = overHttp; // those two are the stream's own
  for (const frame of [stream, closed]) expect(readFrame(JSON.stringify(frame))).toBeNull();
  for (const [name, frame] of Object.entries({ ...fromServer, ...answers })) {
    expect(readFrame(JSON.stringify(frame)), name).toEqual(frame);
  }
});

test('every golden frame of the client can be written', () => {
  // The types are checked by the compiler where the frames are made; here their JSON is.
  const id = '5f0c7f1e-0d5e-4b57-9f6c-0a4f3a2f9d11';
  const written: Record<string, ClientFrame> = {
    hello_first: { type: 'hello', visitor: { id }, locale: 'en-GB', page: 'https://shop.example.com/mugs' },
    message: {
      type: 'message',
      client_id: '0b3f6a52-58c5-4c6e-8a4b-2a4b0a6f9a01',
      text: 'Hello, is the blue mug back in stock?',
    },
    hello_with_form: { type: 'hello', visitor: { id }, form: { email: 'anna@example.com', name: 'Anna', order: '10042' } },
    message_with_file: {
      type: 'message',
      client_id: '0b3f6a52-58c5-4c6e-8a4b-2a4b0a6f9a03',
      text: '',
      attachments: ['eyJiIjoxfQ.c2lnbmF0dXJl'],
    },
    rate: { type: 'rate', score: 5, comment: 'Quick and kind' },
    rate_without_words: { type: 'rate', score: 1 },
    transcript: { type: 'transcript', email: 'anna@example.com' },
    typing_on: { type: 'typing', on: true },
    typing_off: { type: 'typing', on: false },
    seen: { type: 'seen', seq: 4 },
    identify: { type: 'identify', email: 'anna@example.com', name: 'Anna' },
    identify_email_only: { type: 'identify', email: 'anna@example.com' },
    end: { type: 'end' },
    ping: { type: 'ping' },
  };
  for (const [name, frame] of Object.entries(written)) {
    expect(JSON.parse(writeFrame(frame)), name).toEqual(fromClient[name as keyof typeof fromClient]);
  }
});

test('what is no frame, or of a later version, is left alone', () => {
  for (const odd of ['', 'null', '[]', '{}', '"ready"', '{"type":"dance"}']) expect(readFrame(odd)).toBeNull();
});
