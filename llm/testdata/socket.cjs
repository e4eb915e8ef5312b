// Echoes messages between the ws package's own client and server. What stands
// between them is told on stdin: its port. Exits 0 when the client got back
// what it sent, each SECRET as MASKED.
const { WebSocket, WebSocketServer } = require('ws');

const deflate = JSON.parse(process.env.DEFLATE);
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: deflate, maxPayload: 8 << 20 }, () => console.log(server.address().port));
server.on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary, compress: data.length % 5 !== 0 }));
  socket.on('error', (err) => fail('server: ' + err));
});

function fail(why) {
  console.error(why);
  process.exit(1);
}

const texts = [];
for (let i = 0; i < 300; i++) {
  const words = `message ${i} says hello to the world, as message ${i - 1} did. `.repeat(i % 7 === 0 ? 2000 : 1 + (i % 4));
  texts.push(i % 10 === 3 ? words + 'SECRET ' + words : words);
}

process.stdin.once('data', (port) => {
  const client = new WebSocket(`ws://127.0.0.1:${parseInt(port)}/`, { perMessageDeflate: deflate });
  let got = 0;
  let pongs = 0;
  client.on('open', () => {
    texts.forEach((text, i) => {
      if (i % 3 === 0) {
        const half = text.length >> 1;
        client.send(text.slice(0, half), { fin: false });
        client.ping('p' + i);
        client.send(text.slice(half), { fin: true });
      } else {
        client.send(i % 11 === 0 ? Buffer.from(text) : text, { compress: i % 13 !== 0 });
      }
    });
  });
  client.on('pong', () => pongs++);
  client.on('message', (data) => {
    if (data.toString() !== texts[got].replace('SECRET', 'MASKED')) fail(`message ${got} is ${data}`);
    if (++got === texts.length) client.close(4001, 'done');
  });
  client.on('close', (code, reason) => {
    if (code !== 4001 || reason.toString() !== 'done' || got !== texts.length || pongs !== 100) fail(`closed with ${code} ${reason} after ${got} messages and ${pongs} pongs`);
    process.exit(0);
  });
  client.on('error', (err) => fail('client: ' + err));
});
