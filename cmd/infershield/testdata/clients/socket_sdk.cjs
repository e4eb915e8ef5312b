// Holds the conversations it reads from stdin, a JSON array, over WebSockets
// with the openai package, one after the other: sessions of the Realtime API,
// and turns of the Responses API. It prints one JSON object a line: each delta
// as it comes, and what became of each. The ws package, which is what openai
// opens WebSockets with, reads no HTTPS_PROXY, so it is given an agent.
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const npm = createRequire(join(process.env.TEST_NPM, 'package.json'));
const OpenAI = npm('openai').default;
const { OpenAIRealtimeWS } = npm('openai/realtime/ws');
const { ResponsesWS } = npm('openai/resources/responses/ws');
const { HttpsProxyAgent } = npm('https-proxy-agent');

const print = (object) => process.stdout.write(JSON.stringify(object) + '\n');

class Conversation {
  constructor(call) {
    this.call = call;
    this.result = { id: call.id, done: true, texts: [], arguments: '', repeats: [], messages: [] };
    this.client = new OpenAI({ apiKey: call.key, ...(call.base && { baseURL: call.base }) });
    this.options = call.base ? {} : { agent: new HttpsProxyAgent(process.env.HTTPS_PROXY) };
  }

  // hold resolves once the WebSocket has closed.
  hold() {
    const socket = this.call.api === 'realtime' ? this.realtime() : this.responses();
    socket.on('event', (event) => this.take(event));
    socket.on('error', (error) => {
      const told = error.error?.error ?? error.error ?? {};
      Object.assign(this.result, { error: error.constructor.name, code: told.code ?? '', message: error.message });
    });
    const raw = socket.socket.platformSocket ?? socket.socket;
    raw.on('message', (message) => this.result.messages.push(String(message)));
    return new Promise((resolve) => {
      raw.on('close', (code, reason) => {
        Object.assign(this.result, { closed: code, reason: String(reason) });
        resolve(this.result);
      });
    });
  }

  realtime() {
    const rt = new OpenAIRealtimeWS({ model: 'gpt-realtime', options: this.options }, this.client);
    const session = { type: 'realtime', instructions: 'Be brief.', output_modalities: [this.call.modality || 'text'] };
    if (this.call.tool) {
      Object.assign(session, { tools: [{ type: 'function', name: 'lookup' }], tool_choice: 'required' });
    }
    const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: this.call.prompt }] };
    rt.on('session.created', () => rt.send({ type: 'session.update', session }));
    rt.on('session.updated', () => rt.send({ type: 'conversation.item.create', item }));
    rt.on('conversation.item.done', (event) => event.item.role === 'user' && rt.send({ type: 'response.create' }));
    rt.on('response.done', () => rt.close({ code: 1000, reason: 'done' }));
    return rt;
  }

  responses() {
    const ws = new ResponsesWS(this.client, this.options);
    const turn = { type: 'response.create', model: 'gpt-5', input: this.call.prompt };
    if (this.call.tool) {
      Object.assign(turn, { tools: [{ type: 'function', name: 'lookup' }], tool_choice: 'required' });
    }
    let turns = 0;
    ws.send(turn);
    ws.on('response.completed', (event) => {
      turns += 1;
      if (turns < this.call.turns) {
        ws.send({ ...turn, previous_response_id: event.response.id });
        return;
      }
      ws.close({ code: 1000, reason: 'done' });
    });
    return ws;
  }

  take(event) {
    const { result } = this;
    switch (event.type) {
      case 'response.created': result.texts.push(''); break;
      case 'response.output_text.delta':
      case 'response.output_audio_transcript.delta':
        result.texts[result.texts.length - 1] += event.delta;
        print({ id: this.call.id, delta: event.delta });
        break;
      case 'response.function_call_arguments.delta':
        result.arguments += event.delta;
        print({ id: this.call.id, delta: event.delta });
        break;
      case 'response.output_text.done': result.repeats.push(event.text); break;
      case 'response.output_audio_transcript.done': result.repeats.push(event.transcript); break;
      case 'response.function_call_arguments.done': result.repeats.push(event.arguments); break;
      case 'response.output_item.done': this.repeat([event.item]); break;
      case 'response.completed':
      case 'response.done': this.repeat(event.response.output);
    }
  }

  repeat(items) {
    for (const item of items) {
      const part = item.content?.[0];
      this.result.repeats.push(item.arguments ?? part.text ?? part.transcript);
    }
  }
}

(async () => {
  for (const call of JSON.parse(readFileSync(0, 'utf8'))) {
    print(await new Conversation(call).hold());
  }
})();
