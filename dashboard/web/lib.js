// What all pages share. Text of a record comes from whoever sent the traffic:
// it is put into the page as text alone, never as markup, and addresses are
// made of it by encodeURIComponent.
export const $ = (selector, within = document) => within.querySelector(selector);

// el makes an element. Properties are set as such, those with a dash as
// attributes; children are nodes or text.
export const el = (name, props = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") node.className = value;
    else if (key.includes("-") || key === "role" || key === "for" || key === "colspan") node.setAttribute(key, value);
    else node[key] = value;
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
};

export const body = $("[data-body]");
export const tools = $("[data-tools]");
export const say = (text) => { $("[data-said]").textContent = text; };

// plain is text of a record made safe to look at: characters that turn the
// direction of writing or show nothing are named, and its length is bounded.
const sly = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
export const plain = (value, most = 400) => {
  const text = String(value ?? "");
  const cut = text.length > most ? text.slice(0, most) + "…" : text;
  return cut.replace(sly, (c) => "⟨" + c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0") + "⟩");
};

// Words and numbers

export const words = { allow: "allowed", redact: "masked", block: "blocked" };
export const number = (n) => Number(n ?? 0).toLocaleString("en");
export const bytes = (n) => n < 1024 ? n + " B" : n < 1 << 20 ? (n / 1024).toFixed(1) + " KiB" : (n / (1 << 20)).toFixed(1) + " MiB";
export const micros = (n) => n < 1000 ? Math.round(n) + " µs" : n < 1e6 ? (n / 1000).toFixed(n < 1e4 ? 1 : 0) + " ms" : (n / 1e6).toFixed(1) + " s";
export const several = (n, one, more = one + "s") => number(n) + " " + (n === 1 ? one : more);

export const ago = (time, now = Date.now()) => {
  const s = Math.round((now - new Date(time).getTime()) / 1000);
  if (!Number.isFinite(s)) return "–";
  if (s < 0) return "in " + span(-s);
  return s < 3 ? "now" : span(s) + " ago";
};
export const span = (s) => s < 60 ? s + " s" : s < 3600 ? Math.floor(s / 60) + " min" : s < 86400 ? Math.floor(s / 3600) + " h" : Math.floor(s / 86400) + " d";
export const when = (time) => el("time", { dateTime: String(time), title: absolute(time) }, ago(time));
export const absolute = (time) => {
  const d = new Date(time);
  return Number.isNaN(d.getTime()) ? String(time) : d.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" }) + " (" + d.toISOString() + ")";
};
setInterval(() => {
  const now = Date.now();
  document.querySelectorAll("time").forEach((t) => { t.textContent = ago(t.dateTime, now); });
}, 10000);

export const recordURL = (id) => "/records/" + encodeURIComponent(id);
export const recordsURL = (filters) => {
  const query = new URLSearchParams(Object.entries(filters).filter(([, v]) => v !== "" && v !== undefined && v !== null));
  return "/records" + (query.size ? "?" + query : "");
};

export const badge = (action) => el("span", { class: "badge " + (words[action] ? action : "other") }, words[action] || plain(action, 20));
export const risk = (n, severity) => el("span", { class: "risk " + (["low", "medium", "high", "critical"].includes(severity) ? severity : "low") },
  String(n), el("span", { class: "unseen" }, " of 100"));
export const tags = (labels, most = 3) => {
  const all = labels || [];
  const rest = all.length - most;
  return [...all.slice(0, most).map((l) => el("span", { class: "tag" }, plain(l, 60))), rest > 0 ? el("span", { class: "tag more" }, "+" + rest) : null];
};

// The API

export class APIError extends Error {
  constructor(message, status) { super(message); this.status = status; }
}

// api asks for JSON; a body makes it a POST.
export const api = async (path, { method, send, signal } = {}) => {
  const options = { method: method || (send === undefined ? "GET" : "POST"), headers: { Accept: "application/json" }, signal: signal || AbortSignal.timeout(20000), cache: "no-store" };
  if (send !== undefined) {
    options.body = JSON.stringify(send);
    options.headers["Content-Type"] = "application/json";
  }
  if (options.method !== "GET") options.headers["X-InferShield-CSRF"] = "1";
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (err) {
    if (signal && signal.aborted) throw err;
    throw new APIError("InferShield does not answer.", 0);
  }
  const text = await answer.text();
  let value = null;
  try { value = JSON.parse(text); } catch { /* told below */ }
  if (answer.ok && value !== null) return value;
  const told = value && value.error && (value.error.message || (typeof value.error === "string" ? value.error : ""));
  throw new APIError(told || "InferShield answered " + answer.status + " to " + path.split("?")[0] + ".", answer.status);
};

// Trouble says what happened and what to do; where waiting helps it tries again
// by itself, and says when.
const box = $("[data-trouble]");
let timer = 0;
let tries = 0;
export const calm = () => { clearInterval(timer); tries = 0; box.hidden = true; box.replaceChildren(); };
export const trouble = (err, retry) => {
  clearInterval(timer);
  const gone = err.status === 0 || err.status >= 500;
  const advice = err.status === 0 ? ["Is it still running? Start it with ", el("code", {}, "infershield serve"), "."] :
    err.status === 401 || err.status === 403 ? ["Sign in with the admin token: ", el("code", {}, "Authorization: Bearer …"), "."] :
    err.status === 429 ? ["Too many questions in a short time; it answers again in a moment."] :
    err.status >= 500 ? ["Its log says more; ", el("code", {}, "infershield doctor"), " looks for the cause."] : [];
  const left = el("span");
  const again = el("button", { type: "button", class: "button small" }, "Try now");
  const go = () => { clearInterval(timer); retry(); };
  again.addEventListener("click", go);
  box.replaceChildren(el("p", {}, el("b", {}, plain(err.message, 600)), " ", ...advice), retry ? el("p", { class: "row" }, left, again) : "");
  box.hidden = false;
  if (!retry || !(gone || err.status === 429)) return;
  let seconds = Math.min(30, 2 ** ++tries);
  const tell = () => { left.textContent = "Trying again in " + seconds + " s."; };
  tell();
  timer = setInterval(() => { if (--seconds <= 0) go(); else tell(); }, 1000);
};

// load draws a page once its data are there, and says so where they cannot be
// had. What is not there at all is for absent to tell, if that is given.
export const load = (get, draw, absent) => {
  const run = async () => {
    try {
      const data = await get();
      calm();
      draw(data);
    } catch (err) {
      if (!(err instanceof APIError)) throw err;
      $(".wait", body)?.remove();
      if (err.status === 404 && absent) return absent(err);
      trouble(err, run);
    }
  };
  return run();
};

// Pieces

export const empty = (title, ...children) => el("div", { class: "empty" }, el("h2", {}, title), ...children);
export const command = (label, text) => el("div", { class: "code" },
  el("div", { class: "code-bar" }, el("span", {}, label), copyButton(text)),
  el("pre", {}, el("code", {}, ...text.split("\n").map((line) => el("span", { class: "line" }, line)))));
export const copyButton = (text, label = "Copy") => {
  const button = el("button", { type: "button", class: "copy" }, label);
  button.addEventListener("click", async () => {
    let done = true;
    try { await navigator.clipboard.writeText(text); } catch { done = copySelected(text); }
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    say(done ? "Copied" : "It could not be copied");
    setTimeout(() => { button.textContent = label; }, 2000);
  });
  return button;
};
// Pages over plain HTTP have no clipboard, but may copy what is selected.
const copySelected = (text) => {
  const area = el("textarea", { class: "unseen", value: text });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
};
export const section = (title, ...children) => el("section", { class: "part", "aria-label": title }, el("h2", {}, title), ...children);
export const facts = (pairs) => el("dl", { class: "list" }, ...pairs.filter(([, v]) => v !== "" && v !== undefined && v !== null)
  .map(([k, v]) => el("div", {}, el("dt", {}, k), el("dd", {}, v))));
export const table = (caption, heads, rows) => el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": caption }, el("table", {}, el("caption", { class: "unseen" }, caption),
  el("thead", {}, el("tr", {}, ...heads.map((h) => el("th", { scope: "col" }, h)))),
  el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((cell) => el("td", {}, cell)))))));

// masked is text in which the masks, which stand where findings were, are underlined.
export const masked = (text) => {
  const parts = String(text).split(/(\[[A-Z][A-Z0-9_ ]{0,60}_REDACTED\])/);
  return parts.map((part, i) => i % 2 ? el("mark", { class: "found", title: "Masked here" }, part) : plain(part, 12000));
};

// spans is text in which the stretches of bytes [start, end) are underlined.
export const spans = (text, found) => {
  const raw = new TextEncoder().encode(text);
  const decode = (from, to) => plain(new TextDecoder().decode(raw.subarray(from, to)), 12000);
  const nodes = [];
  let at = 0;
  for (const f of found.filter((f) => f.start >= 0 && f.end > f.start && f.end <= raw.length).sort((a, b) => a.start - b.start)) {
    if (f.end <= at) continue;
    const start = Math.max(at, f.start);
    nodes.push(decode(at, start), el("mark", { class: "found", title: plain(f.title, 120) }, decode(start, f.end)));
    at = f.end;
  }
  nodes.push(decode(at, raw.length));
  return nodes;
};

// Finding a record by the id that a client was told.
$("[data-find]")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const id = event.target.elements.find.value.trim();
  if (id) location.href = recordURL(id);
});
