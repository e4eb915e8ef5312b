// Deno's own fetch and WebSocket.
import { byFetch, bySocket } from './ways.mjs';

const [prompt, attack, other] = Deno.args;
const args = { key: Deno.env.get('OPENAI_API_KEY'), prompt, attack, other };
await byFetch('fetch', args);
await bySocket('WebSocket', WebSocket, args);
