// Makes the calls it reads from stdin, a JSON array, with the openai package,
// one after the other, and prints one JSON object a line for each. fetch is
// wrapped to take the sums of what went over the wire, and for nothing else.
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const OpenAI = createRequire(join(process.env.TEST_NPM, 'package.json'))('openai').default;

const sum = (bytes) => createHash('sha256').update(bytes).digest('hex');

function witness(seen) {
  return async (url, init) => {
    const response = await fetch(url, init);
    const [mine, theirs] = response.body.tee();
    seen.sent = sum(init.body);
    seen.read = new Response(mine).arrayBuffer().then((b) => sum(Buffer.from(b)));
    return new Response(theirs, response);
  };
}

async function text(client, call) {
  const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: call.prompt }], stream: call.stream };
  const answer = await client.chat.completions.create(body);
  if (!call.stream) {
    return answer.choices[0].message.content;
  }
  let whole = '';
  for await (const chunk of answer) {
    whole += chunk.choices[0]?.delta?.content ?? '';
  }
  return whole;
}

async function make(call) {
  const seen = {};
  const result = { id: call.id, status: 200 };
  const options = { apiKey: call.key, maxRetries: 0, fetch: witness(seen) };
  if (!call.key) {
    // The package insists on a key; null takes the header off.
    Object.assign(options, { apiKey: 'none', defaultHeaders: { Authorization: null } });
  }
  if (call.base) {
    options.baseURL = call.base;
  }
  try {
    result.text = await text(new OpenAI(options), call);
  } catch (error) {
    Object.assign(result, { error: error.constructor.name, status: error.status ?? 0, code: error.code ?? '', message: error.message });
  }
  result.sent = seen.sent;
  result.read = await seen.read;
  return result;
}

(async () => {
  for (const call of JSON.parse(readFileSync(0, 'utf8'))) {
    console.log(JSON.stringify(await make(call)));
  }
})();
