// A room per session; what the desk says on NATS is emitted to its room.
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import { Server } from 'socket.io';
import { connect, StringCodec } from 'nats';

const { NATS_URL, PORT_FILE } = process.env;
const server = createServer();
const io = new Server(server, { transports: ['websocket'], serveClient: false, perMessageDeflate: false });
io.on('connection', (socket) => {
  socket.on('hello', ({ session }) => {
    socket.join(session);
    socket.emit('ready', { session });
  });
});
const connection = await connect({ servers: NATS_URL });
const codec = StringCodec();
(async () => {
  for await (const said of connection.subscribe('live.chat.*')) {
    const session = said.subject.slice('live.chat.'.length);
    const { seq, id, author, text, attachments, sent_at } = JSON.parse(codec.decode(said.data)).added.message;
    io.to(session).emit('message', { seq, id, author, text, attachments, sent_at });
  }
})();
server.listen(0, '127.0.0.1', () => {
  writeFileSync(PORT_FILE, String(server.address().port));
  console.log('ready');
});
