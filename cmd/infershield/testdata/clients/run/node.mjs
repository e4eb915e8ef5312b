// Node's own ways: fetch, https, the WebSocket global, a worker thread; and the
// openai and ws packages.
import { request } from 'node:https';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Worker, isMainThread, workerData } from 'node:worker_threads';

import { byFetch, byOpenAI, bySocket, chatRequest, message, report } from './ways.mjs';

const npm = createRequire(join(process.env.TEST_NPM, 'package.json'));

function ask(call, url, { body, ...options } = {}) {
  return new Promise((resolve) => {
    const asked = request(url, options, async (answer) => {
      let text = '';
      for await (const piece of answer) {
        text += piece;
      }
      report('https', call, answer.statusCode, text);
      resolve();
    });
    asked.on('error', (error) => { report('https', call, 0, message(error)); resolve(); });
    asked.end(body);
  });
}

async function byHTTPS({ key, prompt, attack, other }) {
  await ask('allowed', ...chatRequest(key, prompt));
  await ask('blocked', ...chatRequest(key, attack));
  await ask('other', other);
}

if (isMainThread) {
  const [prompt, attack, other] = process.argv.slice(2);
  const args = { key: process.env.OPENAI_API_KEY, prompt, attack, other };
  await byFetch('fetch', args);
  await byHTTPS(args);
  await byOpenAI(npm('openai').default, args);
  if (globalThis.WebSocket) { // since Node 22
    await bySocket('WebSocket', WebSocket, args);
  }
  await bySocket('ws', npm('ws').WebSocket, args);
  new Worker(new URL(import.meta.url), { workerData: args });
} else {
  await byFetch('worker', workerData);
}
