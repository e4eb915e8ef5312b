// Opens each WebSocket it reads from stdin, a JSON array, says a sentence, and
// prints one JSON object a line: what came back. One given a base goes there
// by the ws package, the others to the provider by undici's, which takes the
// proxy from the dispatcher.
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const npm = createRequire(join(process.env.TEST_NPM, 'package.json'));

function open(call) {
  const protocols = ['realtime', `openai-insecure-api-key.${call.key}`];
  const path = '/realtime?model=gpt-realtime';
  if (call.base) {
    const ws = npm('ws');
    return new ws.WebSocket(call.base.replace('http', 'ws') + path, protocols);
  }
  return new (npm('undici').WebSocket)(`wss://api.openai.com/v1${path}`, protocols);
}

function make(call) {
  return new Promise((resolve) => {
    const socket = open(call);
    const result = { id: call.id, status: 0 };
    socket.onopen = () => socket.send(JSON.stringify({ type: 'response.create', instructions: call.prompt }));
    socket.onmessage = (event) => {
      Object.assign(result, { status: 101, text: JSON.parse(event.data).instructions, protocol: socket.protocol });
      socket.close(1000, 'done');
    };
    socket.onerror = (event) => { result.error = 'Error'; result.message = String(event.message ?? event.error); };
    socket.onclose = (event) => { result.code = String(event.code); resolve(result); };
  });
}

(async () => {
  for (const call of JSON.parse(readFileSync(0, 'utf8'))) {
    console.log(JSON.stringify(await make(call)));
  }
})();
