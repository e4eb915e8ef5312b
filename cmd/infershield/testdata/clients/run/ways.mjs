// What Node, Deno and Bun have in common: fetch and WebSocket.
const chat = 'https://api.openai.com/v1/chat/completions';
export const realtime = 'wss://api.openai.com/v1/realtime?model=gpt-realtime';

// chatRequest is what is posted, as fetch takes it.
export function chatRequest(key, content) {
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
  const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content }] });
  return [chat, { method: 'POST', headers, body }];
}

export function report(way, call, status, text) {
  console.log(way, call, status, text.replaceAll('\n', ' '));
}

// message is all that an error says.
export function message(error) {
  return [error.constructor.name, error.message, error.cause?.code ?? error.code, error.cause?.message].filter(Boolean).join(' ');
}

export async function byFetch(way, { key, prompt, attack, other }) {
  const calls = { allowed: chatRequest(key, prompt), blocked: chatRequest(key, attack), other: [other] };
  for (const [call, request] of Object.entries(calls)) {
    try {
      const answer = await fetch(...request);
      report(way, call, answer.status, await answer.text());
    } catch (error) {
      report(way, call, 0, message(error));
    }
  }
}

// The openai package, as its manual has it.
export async function byOpenAI(OpenAI, { prompt, attack }) {
  const client = new OpenAI({ maxRetries: 0 });
  for (const [call, content] of [['allowed', prompt], ['blocked', attack]]) {
    try {
      const answer = await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content }] });
      report('openai', call, 200, answer.choices[0].message.content);
    } catch (error) {
      report('openai', call, error.status ?? 0, message(error));
    }
  }
}

// bySocket talks to the Realtime API by a WebSocket of whatever make. Its
// status is the code that it is closed with.
export async function bySocket(way, Socket, { key, prompt, attack }) {
  const ask = (call, content) => new Promise((resolve) => {
    const socket = new Socket(realtime, ['realtime', `openai-insecure-api-key.${key}`]);
    let text = '';
    socket.onopen = () => {
      const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: content }] };
      socket.send(JSON.stringify({ type: 'conversation.item.create', item }));
      socket.send(JSON.stringify({ type: 'response.create', response: { output_modalities: ['text'] } }));
    };
    socket.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      if (event.type === 'error') {
        text = event.error.message;
      } else if (event.type === 'response.output_text.done') {
        text = event.text;
        socket.close(1000);
      }
    };
    socket.onerror = (event) => { text ||= String(event.message || event.error); };
    socket.onclose = ({ code }) => { report(way, call, code, text); resolve(); };
  });
  await ask('allowed', prompt);
  await ask('blocked', attack);
}
