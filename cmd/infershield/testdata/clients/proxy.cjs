// Loaded with --require before the program: Node's own fetch reads neither
// HTTPS_PROXY nor its like, so undici, which is what fetch is made of, is told
// to. This and NODE_EXTRA_CA_CERTS are all that the program is given.
const { createRequire } = require('node:module');
const { join } = require('node:path');

const { EnvHttpProxyAgent, setGlobalDispatcher } = createRequire(join(process.env.TEST_NPM, 'package.json'))('undici');
setGlobalDispatcher(new EnvHttpProxyAgent());
