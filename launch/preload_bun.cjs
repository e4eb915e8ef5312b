// Written by infershield, and loaded by Bun before a program (BUN_OPTIONS).
// Bun's fetch takes the proxy of HTTPS_PROXY by itself. Its WebSocket does where
// it is told to (oven-sh/bun#15489), and so does the ws package, of which Bun
// brings its own: so this tells them, save for the hosts of NO_PROXY. The default
// export of ws cannot be changed, and still goes around.
'use strict';

(() => {
  const mark = Symbol.for('infershield.preload');
  const proxy = process.env.HTTPS_PROXY || process.env.https_proxy;
  const Native = globalThis.WebSocket;
  if (!proxy || !Native || globalThis[mark]) return;
  Object.defineProperty(globalThis, mark, { value: true });

  // direct says whether a connection stays out of the proxy.
  function direct({ hostname, port }) {
    const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
    const entries = (process.env.NO_PROXY || process.env.no_proxy || '').toLowerCase().split(/[\s,]+/);
    return entries.some((entry) => {
      if (entry === '*') return true;
      const [, name, only] = /^(\[.*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry) || [];
      if (!name || only && only !== (port || '443')) return false;
      const suffix = name.replace(/^\[|\]$/g, '').replace(/^\*?\./, '');
      return host === suffix || host.endsWith('.' + suffix);
    });
  }

  // through is the options with the proxy, where the connection is to take it.
  function through(url, options) {
    let target;
    try {
      target = new URL(url);
    } catch {
      return options; // the constructor says what is wrong with it
    }
    const secure = target.protocol === 'wss:' || target.protocol === 'https:';
    return !secure || direct(target) || options?.proxy || options?.agent ? options : { ...options, proxy };
  }

  // The second argument is a protocol, a list of them, or options.
  globalThis.WebSocket = new Proxy(Native, {
    construct(target, [url, second, ...rest], self) {
      const options = typeof second === 'string' || Array.isArray(second) ? { protocols: second } : second;
      return Reflect.construct(target, [url, through(url, options), ...rest], self);
    },
  });

  const ws = require('ws');
  ws.WebSocket = class WebSocket extends ws.WebSocket {
    constructor(url, second, options) {
      const listed = typeof second === 'string' || Array.isArray(second) || second == null;
      super(url, listed ? second : undefined, through(url, listed ? options : second));
    }
  };
})();
