// A set of sockets per session; what the desk says on NATS is sent to each of them.
import { writeFileSync } from 'node:fs';
import { WebSocketServer } from 'ws';
import { connect, StringCodec } from 'nats';

const { NATS_URL, PORT_FILE } = process.env;
const rooms = new Map();
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
const listening = new Promise((resolve) => server.on('listening', resolve));
server.on('connection', (socket) => {
  socket.on('message', (data) => {
    const { type, session } = JSON.parse(data);
    if (type !== 'hello') return;
    const room = rooms.get(session) ?? rooms.set(session, new Set()).get(session);
    room.add(socket);
    socket.on('close', () => room.delete(socket) && room.size === 0 && rooms.delete(session));
    socket.send(JSON.stringify({ type: 'ready', session }));
  });
});
const connection = await connect({ servers: NATS_URL });
const codec = StringCodec();
(async () => {
  for await (const said of connection.subscribe('live.chat.*')) {
    const session = said.subject.slice('live.chat.'.length);
    const { seq, id, author, text, attachments, sent_at } = JSON.parse(codec.decode(said.data)).added.message;
    const frame = JSON.stringify({ type: 'message', seq, id, author, text, attachments, sent_at });
    for (const socket of rooms.get(session) ?? []) socket.send(frame);
  }
})();
await listening;
writeFileSync(PORT_FILE, String(server.address().port));
console.log('ready');
