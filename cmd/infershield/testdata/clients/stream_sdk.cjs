// Makes the streamed calls it reads from stdin, a JSON array, with the openai
// package, one after the other. It prints one JSON object a line: each delta
// as it comes, and what became of each call. fetch is wrapped to keep what went
// over the wire, and for nothing else.
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const OpenAI = createRequire(join(process.env.TEST_NPM, 'package.json'))('openai').default;

const sum = (bytes) => createHash('sha256').update(bytes).digest('hex');
const print = (object) => process.stdout.write(JSON.stringify(object) + '\n');

function witness(seen) {
  return async (url, init) => {
    const response = await fetch(url, init);
    const [mine, theirs] = response.body.tee();
    seen.sent = sum(init.body);
    seen.read = new Response(mine).arrayBuffer().then((b) => Buffer.from(b).toString('base64'), () => '');
    return new Response(theirs, response);
  };
}

function say(call, result, choice, delta) {
  if (delta) {
    result.texts[choice] = (result.texts[choice] ?? '') + delta;
    print({ id: call.id, delta });
  }
}

function argument(call, result, delta) {
  if (delta) {
    result.arguments += delta;
    print({ id: call.id, delta });
  }
}

async function chat(client, call, result) {
  const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: call.prompt }], stream: true };
  if (call.choices > 1) {
    Object.assign(body, { n: call.choices, logprobs: true });
  }
  if (call.tool) {
    body.tools = [{ type: 'function', function: { name: 'lookup' } }];
  }
  for await (const chunk of await client.chat.completions.create(body)) {
    for (const choice of chunk.choices) {
      say(call, result, choice.index, choice.delta.content);
      argument(call, result, choice.delta.tool_calls?.[0].function?.arguments);
    }
  }
}

async function responses(client, call, result) {
  const body = { model: 'gpt-4o-mini', input: call.prompt, stream: true };
  if (call.tool) {
    Object.assign(body, { tools: [{ type: 'function', name: 'lookup', parameters: null, strict: false }], tool_choice: 'required' });
  }
  for await (const event of await client.responses.create(body)) {
    switch (event.type) {
      case 'response.output_text.delta': say(call, result, 0, event.delta); break;
      case 'response.output_text.done': result.repeats.push(event.text); break;
      case 'response.function_call_arguments.delta': argument(call, result, event.delta); break;
      case 'response.function_call_arguments.done': result.repeats.push(event.arguments); break;
      case 'response.completed':
        for (const item of event.response.output) {
          result.repeats.push(item.arguments ?? item.content[0].text);
        }
    }
  }
}

async function make(call) {
  const seen = {};
  const result = { id: call.id, done: true, texts: [], arguments: '', repeats: [] };
  const options = { apiKey: call.key, maxRetries: 0, fetch: witness(seen) };
  if (call.base) {
    options.baseURL = call.base;
  }
  try {
    await (call.api === 'responses' ? responses : chat)(new OpenAI(options), call, result);
  } catch (error) {
    Object.assign(result, { error: error.constructor.name, code: error.code ?? '', message: error.message });
  }
  result.sent = seen.sent;
  result.read = await seen.read;
  print(result);
}

(async () => {
  for (const call of JSON.parse(readFileSync(0, 'utf8'))) {
    await make(call);
  }
})();
