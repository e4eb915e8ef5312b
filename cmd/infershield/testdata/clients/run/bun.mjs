// Bun's own fetch and WebSocket, the openai package, and ws as openai/realtime/ws
// has it.
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { byFetch, byOpenAI, bySocket } from './ways.mjs';

const npm = createRequire(join(process.env.TEST_NPM, 'package.json'));
const [prompt, attack, other] = process.argv.slice(2);
const args = { key: process.env.OPENAI_API_KEY, prompt, attack, other };
await byFetch('fetch', args);
await byOpenAI(npm('openai').default, args);
await bySocket('WebSocket', WebSocket, args);
await bySocket('ws', npm('ws').WebSocket, args);
