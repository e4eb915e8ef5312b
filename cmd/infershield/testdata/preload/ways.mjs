// Goes to the provider in every way that Node has, with nothing said about a
// proxy, and prints what came of each.
import http from 'node:http';
import https, { get as httpsGet } from 'node:https';
import http2 from 'node:http2';
import { connect as tlsConnect } from 'node:tls';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { createRequire } from 'node:module';
import { once } from 'node:events';
import { join } from 'node:path';

const url = 'https://api.openai.com/v1/models';
const headers = { authorization: 'Bearer ' + process.env.TEST_KEY };
const npm = createRequire(join(process.env.TEST_NPM, 'package.json'));

async function status(request) {
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

async function plain(options) {
  const [response] = await once(http.get('http://plain.example/hello', options), 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

async function overHTTP2() {
  const session = http2.connect('https://api.openai.com');
  const stream = session.request({ ':path': '/v1/models', ...headers });
  const [answer] = await once(stream, 'response');
  stream.resume();
  await once(stream, 'end');
  session.close();
  return `${answer[':status']} ${session.alpnProtocol}`;
}

async function keptAlive() {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set();
  for (let i = 0; i < 3; i += 1) {
    const request = https.get(url, { agent, headers });
    request.on('socket', (socket) => ports.add(socket));
    await status(request);
  }
  return `${ports.size} connection`; // left open: the program must end all the same
}

// first resolves with the type of the first message of a Realtime session.
async function first(socket) {
  const event = await new Promise((resolve, reject) => {
    socket.addEventListener('message', resolve);
    socket.addEventListener('error', (e) => reject(e.error || new Error(e.message)));
  });
  socket.close();
  return JSON.parse(event.data).type;
}

async function inWorker() {
  const worker = new Worker(new URL(import.meta.url));
  const [said] = await once(worker, 'message');
  return said;
}

function big() {
  const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Which birds sing? '.repeat(100000) }] });
  return fetch('https://api.openai.com/v1/chat/completions', { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body });
}

// slow reads an answer of some megabytes with breaks, on a connection that the
// other side closes at once.
async function slow() {
  const request = https.get('https://api.openai.com/v1/files/much/content', { agent: false, headers: { ...headers, connection: 'close' } });
  const [response] = await once(request, 'response');
  let bytes = 0;
  let chunks = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    chunks += 1;
    if (chunks % 10 === 1) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return `${bytes >> 20} MiB`;
}

async function openai() {
  const { default: OpenAI } = npm('openai');
  const client = new OpenAI({ apiKey: process.env.TEST_KEY });
  let text = '';
  const stream = await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }], stream: true });
  for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? '';
  return text ? 'streamed' : 'nothing';
}

async function realtime() {
  const { default: OpenAI } = npm('openai');
  const { OpenAIRealtimeWS } = npm('openai/realtime/ws');
  const rt = new OpenAIRealtimeWS({ model: 'gpt-realtime' }, new OpenAI({ apiKey: process.env.TEST_KEY }));
  const [event] = await once(rt, 'session.created');
  rt.close();
  return event.type;
}

const socketURL = 'wss://api.openai.com/v1/realtime?model=gpt-realtime';
const ways = {
  fetch: async () => (await fetch(url, { headers })).status,
  'fetch of much': async () => (await big()).status,
  'fetch of plain HTTP': async () => (await fetch('http://plain.example/hello')).text(),
  https: () => status(https.get(url, { headers })),
  'https by name': () => status(httpsGet(url, { headers })),
  'https, agent of its own': () => status(https.get(url, { headers, agent: new https.Agent() })),
  'https, no agent': () => status(https.get(url, { headers, agent: false })),
  'https, kept alive': keptAlive,
  'tls by name': async () => { const s = tlsConnect(443, 'api.openai.com', { servername: 'api.openai.com' }); await once(s, 'secureConnect'); s.end(); return 'connected'; },
  'https, read slowly': slow,
  http: () => plain({}),
  'http, agent of its own': () => plain({ agent: new http.Agent({ keepAlive: true }) }),
  http2: overHTTP2,
  'ws package': () => { const { WebSocket } = npm('ws'); return first(new WebSocket(socketURL, { headers })); },
  'undici package': async () => (await npm('undici').request(url, { headers })).statusCode,
  'openai package': openai,
  'openai package, Realtime': realtime,
  WebSocket: async () => (globalThis.WebSocket ? first(new WebSocket(socketURL, ['realtime', 'openai-insecure-api-key.' + process.env.TEST_KEY])) : 'session.created'),
  worker: inWorker,
};

if (isMainThread) {
  for (const [name, way] of Object.entries(ways)) {
    const result = await way().catch((error) => `${error.message} ${error.cause ? error.cause.message : ''}`);
    console.log(`${name}: ${result}`);
  }
} else {
  parentPort.postMessage(await ways.fetch() + ' ' + (await ways.https()));
}
