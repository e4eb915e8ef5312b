// Written by infershield, and loaded by Node before a program (NODE_OPTIONS):
// it takes the program's HTTPS through the proxy of HTTPS_PROXY, save to the
// hosts of NO_PROXY. Node does that by itself only from 22.21 on, where
// NODE_USE_ENV_PROXY asks for it, and even then not for WebSockets of packages,
// for HTTP/2, nor for agents that the program makes.
//
// Every TLS connection of Node begins with tls.connect: fetch's, https's,
// http2's, and those of packages that know none of these. So that is where the
// tunnel is put in. A connection that comes with a socket already goes through
// somebody's tunnel, and is left alone. Plain HTTP has no such place: the
// default way of http, and of fetch, sends its requests to the proxy.
'use strict';

(() => {
  const mark = Symbol.for('infershield.preload');
  const proxy = proxyOf(process.env.HTTPS_PROXY || process.env.https_proxy);
  if (!proxy || globalThis[mark]) return;
  Object.defineProperty(globalThis, mark, { value: true });

  const net = require('net');
  const tls = require('tls');
  const http = require('http');
  const { Duplex } = require('stream');

  function proxyOf(text) {
    try {
      const url = new URL(text);
      return url.protocol === 'http:' ? { host: bare(url.hostname), port: Number(url.port) || 80, origin: url.origin } : null;
    } catch {
      return null; // none, or nothing that we would set
    }
  }

  // bare takes the brackets off an IPv6 address.
  function bare(host) {
    return String(host).replace(/^\[|\]$/g, '');
  }

  // direct says whether a connection stays out of the proxy.
  function direct(host, port) {
    host = bare(host).toLowerCase().replace(/\.$/, '');
    if (host === proxy.host && port === proxy.port) return true;
    const entries = (process.env.NO_PROXY || process.env.no_proxy || '').toLowerCase().split(/[\s,]+/);
    return entries.some((entry) => {
      if (entry === '*') return true;
      const [, name, only] = /^(\[.*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry) || [];
      if (!name || only && Number(only) !== port) return false;
      const suffix = bare(name).replace(/^\*?\./, '');
      return host === suffix || !net.isIP(host) && host.endsWith('.' + suffix);
    });
  }

  function explain(error) {
    const told = new Error(`InferShield's proxy ${proxy.host}:${proxy.port} cannot be reached: ${error.message}. ` +
      'Start it with `infershield serve`, or run the program with `infershield run`.');
    return Object.assign(told, { code: error.code, cause: error });
  }

  // Tunnel is a connection to host:port by CONNECT. What is written before the
  // proxy has answered waits.
  class Tunnel extends Duplex {
    constructor(host, port) {
      super();
      this.authority = (net.isIPv6(host) ? `[${host}]` : host) + ':' + port;
      this.waiting = null; // a write, until the tunnel is open
      this.head = '';
      this.open = false;
      this.ended = false; // by the other side
      this.raw = net.connect({ host: proxy.host, port: proxy.port });
      this.raw.setNoDelay(true);
      this.raw.setKeepAlive(true, 30000);
      this.raw.on('connect', () => this.raw.write(`CONNECT ${this.authority} HTTP/1.1\r\nHost: ${this.authority}\r\n\r\n`));
      this.raw.on('data', (chunk) => this.take(chunk));
      this.raw.on('end', () => {
        this.ended = true;
        if (this.open) this.push(null);
        else this.refuse('closed the connection');
      });
      // What came before the end may still wait to be read: nothing that happens
      // to the connection afterwards, or to TLS's last words, counts.
      this.raw.on('error', (error) => this.ended || this.destroy(this.open ? error : explain(error)));
      this.raw.on('close', () => this.open || this.refuse('closed the connection'));
    }

    take(chunk) {
      if (this.open) {
        if (!this.push(chunk)) this.raw.pause();
        return;
      }
      this.head += chunk.toString('latin1');
      const end = this.head.indexOf('\r\n\r\n');
      if (end < 0) {
        if (this.head.length > 65536) this.refuse('sent no answer');
        return;
      }
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(this.head);
      if (!status || status[1] !== '200') {
        this.refuse(`answered "${this.head.slice(0, this.head.indexOf('\r\n'))}"`);
        return;
      }
      this.open = true;
      const rest = this.head.slice(end + 4);
      if (rest) this.push(Buffer.from(rest, 'latin1'));
      if (this.waiting) this.waiting();
      this.waiting = null;
    }

    refuse(what) {
      const error = new Error(`InferShield's proxy ${proxy.host}:${proxy.port} ${what} to CONNECT ${this.authority}`);
      this.destroy(Object.assign(error, { code: 'ECONNREFUSED' }));
    }

    // later sends when the tunnel is open.
    later(send, done) {
      const now = () => (this.ended ? done() : send((error) => done(this.ended ? null : error)));
      if (this.open) now();
      else this.waiting = now;
    }

    _read() { if (this.open) this.raw.resume(); }
    _write(chunk, encoding, done) { this.later((sent) => this.raw.write(chunk, encoding, sent), done); }
    _writev(chunks, done) { this.later((sent) => this.raw.write(Buffer.concat(chunks.map((c) => c.chunk)), sent), done); }
    _final(done) { this.later((sent) => this.raw.end(sent), done); }
    _destroy(error, done) {
      this.open = true; // or the connection's end would be told as a refusal
      this.raw.destroy();
      done(error);
    }
  }

  // request reads the arguments of tls.connect: (options), (port, host, options)
  // or (path, options), and a callback behind them.
  function request(args) {
    const list = [...args];
    const callback = typeof list[list.length - 1] === 'function' ? list.pop() : undefined;
    const options = {};
    const [first, second] = list;
    if (first !== null && typeof first === 'object') Object.assign(options, first);
    else if (Number(first) >= 0) Object.assign(options, { port: first, host: typeof second === 'string' ? second : undefined });
    else options.path = first;
    const last = list[list.length - 1];
    if (list.length > 1 && last !== null && typeof last === 'object') Object.assign(options, last);
    return { options, callback };
  }

  const connectTLS = tls.connect;
  tls.connect = function connect(...args) {
    const { options, callback } = request(args);
    const host = options.host || 'localhost';
    const port = Number(options.port);
    if (options.socket || options.path || !port || direct(host, port)) return connectTLS.apply(this, args);
    const tunnel = new Tunnel(host, port);
    const socket = connectTLS.call(this, { ...options, socket: tunnel }, callback);
    // The socket's own ref and unref do not reach the connection below it, which
    // would keep a program from ending while agents keep connections alive.
    for (const name of ['ref', 'unref']) {
      const inherited = socket[name];
      socket[name] = function () {
        tunnel.raw[name]();
        return inherited.call(this);
      };
    }
    return socket;
  };

  // Plain HTTP by Node's own agents, those that the program has made included.
  const { addRequest, createConnection, createSocket } = http.Agent.prototype;
  http.Agent.prototype.addRequest = function (request, options, ...rest) {
    const plain = options && typeof options === 'object' && (options.protocol || this.protocol) === 'http:' && !options.socketPath;
    const nodes = this.createConnection === createConnection && this.createSocket === createSocket && !(this.options && this.options.proxyEnv);
    if (plain && nodes) {
      const host = options.host || options.hostname || 'localhost';
      const port = Number(options.port) || 80;
      if (!direct(host, port)) {
        const authority = (net.isIPv6(host) ? `[${host}]` : host) + (port === 80 ? '' : ':' + port);
        request.path = `http://${authority}${request.path}`;
        options = { ...options, host: proxy.host, hostname: proxy.host, port: proxy.port };
      }
    }
    return addRequest.call(this, request, options, ...rest);
  };

  // Node 22 tells every user of NODE_USE_ENV_PROXY that it is an experiment. It
  // still does in worker threads, where it speaks before this is loaded.
  if (/^[56]\./.test(process.versions.undici)) {
    const { emit } = process;
    process.emit = function (name, warning, ...rest) {
      return name === 'warning' && warning && warning.code === 'UNDICI-EHPA' ? true : emit.call(this, name, warning, ...rest);
    };
  }

  // Plain HTTP by fetch. Its parts are loaded with the first call, as they would
  // be without us.
  const { fetch } = globalThis;
  if (typeof fetch === 'function') {
    let ready = false;
    globalThis.fetch = Object.defineProperties(function (...args) {
      if (!ready) {
        ready = true;
        dispatchPlain();
      }
      return fetch.apply(this, args);
    }, { name: { value: 'fetch' }, length: { value: fetch.length } });
  }

  function dispatchPlain() {
    void globalThis.Headers; // loads them
    const key = Symbol.for('undici.globalDispatcher.1');
    const current = globalThis[key];
    if (!current || current.constructor.name !== 'Agent') return; // the program's own, or one that knows proxies
    class PlainAgent extends current.constructor {
      dispatch(options, handler) {
        const url = new URL(options.origin);
        if (url.protocol === 'http:' && !direct(url.hostname, Number(url.port) || 80)) {
          options = { ...options, origin: proxy.origin, path: url.origin + options.path };
        }
        return super.dispatch(options, handler);
      }
    }
    globalThis[key] = new PlainAgent();
  }

  require('module').syncBuiltinESMExports();
})();
