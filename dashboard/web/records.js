// The records: a live list that stays fluid however long it is, because only
// the rows in sight are in the page. The filters are the query of the address.
import { $, el, api, body, tools, say, plain, words, badge, risk, tags, when, number, several, recordURL, recordsURL, trouble, calm, empty, command, APIError } from "./lib.js";

const pageSize = 200;
const keep = 250000; // records held at most; the oldest go
const names = ["q", "action", "severity", "risk_min", "label", "category", "agent", "model", "endpoint", "host", "status", "since", "until", "rule", "session", "client", "door", "key_mode"];
const params = new URLSearchParams(location.search);
const filters = Object.fromEntries(names.map((n) => [n, params.get(n) || ""]));
const active = () => Object.fromEntries(Object.entries(filters).filter(([, v]) => v !== ""));
const query = (more = {}) => String(new URLSearchParams({ ...active(), ...more }));

let list = []; // newest first
let fresh = []; // came while paused, or while the reader was further down
let ids = new Set();
let next = null;
let loading = false;
let loaded = false;
let paused = false;
let current = -1;
let source = null;
let generation = 0;

// What is on the page

const choice = (name, label, options) => {
  const select = el("select", { name, "aria-label": label }, ...options.map(([v, text]) => el("option", { value: v }, text)));
  if (filters[name] && !options.some(([v]) => v === filters[name])) select.append(el("option", { value: filters[name] }, plain(filters[name], 40)));
  select.value = filters[name];
  return select;
};
const typed = (name, label, attributes = {}) => el("label", { class: "field" }, el("span", {}, label),
  el("input", { name, value: filters[name], autocomplete: "off", spellcheck: false, ...attributes }));
const offered = ["label", "category", "agent", "model", "endpoint", "host"];
const search = el("input", { type: "search", name: "q", value: filters.q, placeholder: "Search the excerpts", "aria-label": "Search the masked excerpts", autocomplete: "off" });
const more = el("details", { class: "more", open: [...offered, "status", "until", "risk_min"].some((n) => filters[n]) }, el("summary", {}, "More filters"),
  el("div", { class: "fields" },
    ...offered.map((n) => [typed(n, n[0].toUpperCase() + n.slice(1), { "list": undefined }), el("datalist", { id: "seen-" + n })]).flat(),
    typed("risk_min", "Risk from", { type: "number", min: "0", max: "100" }),
    typed("status", "Status", { placeholder: "4xx" }),
    typed("until", "Until", { placeholder: "2026-01-31T12:00:00Z" })));
offered.forEach((n) => $(`[name=${n}]`, more).setAttribute("list", "seen-" + n));
const form = el("form", { class: "filters", role: "search", "aria-label": "Filters" }, search,
  choice("action", "Action", [["", "Any action"], ["block", "blocked"], ["redact", "masked"], ["allow", "allowed"]]),
  choice("severity", "Severity", [["", "Any severity"], ["critical", "critical"], ["high", "high"], ["medium", "medium"], ["low", "low"]]),
  choice("since", "Time", [["", "Any time"], ["15m", "15 minutes"], ["1h", "1 hour"], ["24h", "24 hours"], ["7d", "7 days"], ["30d", "30 days"]]),
  more);
const chips = el("div", { class: "chips" });
const pauseButton = el("button", { type: "button", class: "button small", "aria-pressed": "false" }, "Pause");
const live = el("span", { class: "pill live" }, el("span", { class: "dot", "aria-hidden": "true" }), el("span", {}, "Connecting"));
const newer = el("button", { type: "button", class: "button newer", hidden: true });
const columns = [["Time", "time"], ["Action", "action"], ["Risk", "risk"], ["Labels", "labels"], ["Agent", "agent"], ["Model", "model"], ["Endpoint", "endpoint"], ["Status", "status"]];
const rows = el("tbody", { role: "rowgroup" });
const above = el("td", { colspan: "8" });
const below = el("td", { colspan: "8" });
const spacer = (cell) => el("tbody", { "aria-hidden": "true", class: "spacer" }, el("tr", {}, cell));
const grid = el("table", { class: "records", role: "table", "aria-label": "Records, newest first" },
  el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...columns.map(([title, name]) => el("th", { role: "columnheader", scope: "col", class: name }, title)))),
  spacer(above), rows, spacer(below));
const nothing = el("div", { hidden: true });
const count = el("p", { class: "hint count" });
tools.append(live, pauseButton, el("a", { class: "button small", href: "/api/export?format=csv", "data-export": "" }, "Export CSV"));
body.replaceChildren(form, chips, newer, grid, nothing, count);

const row = (r) => el("tr", { role: "row", class: "row-" + (words[r.action] ? r.action : "other") },
  el("td", { role: "cell", class: "time" }, el("a", { href: recordURL(r.id) }, when(r.time), el("span", { class: "unseen" }, ", " + (words[r.action] || "") + ", risk " + r.risk))),
  el("td", { role: "cell", class: "action" }, badge(r.action)),
  el("td", { role: "cell", class: "risk" }, risk(r.risk, r.severity)),
  el("td", { role: "cell", class: "labels" }, ...tags(r.labels, 2)),
  el("td", { role: "cell", class: "agent" }, plain(r.agent, 60)),
  el("td", { role: "cell", class: "model" }, plain(r.model, 60)),
  el("td", { role: "cell", class: "endpoint", title: plain(r.method + " " + r.host + r.path, 300) }, plain(r.endpoint || r.path, 60)),
  el("td", { role: "cell", class: "status" }, r.status ? String(r.status) : "–"));

// Drawing what is in sight

const drawn = new Map(); // id → row
const phone = matchMedia("(max-width: 48rem)");
const height = () => phone.matches ? 96 : 40;
let asked = false;
const draw = () => { if (!asked) { asked = true; requestAnimationFrame(drawNow); } };
const drawNow = () => {
  asked = false;
  const h = height();
  const top = grid.getBoundingClientRect().top;
  const first = Math.max(0, Math.min(list.length - 1, Math.floor(-top / h)) - 10);
  const last = Math.min(list.length, Math.max(0, Math.floor((-top + innerHeight) / h)) + 10);
  const wanted = list.slice(first, last);
  const stay = new Set(wanted.map((r) => r.id));
  for (const [id, node] of drawn) if (!stay.has(id)) { node.remove(); drawn.delete(id); }
  let at = rows.firstChild;
  wanted.forEach((r, i) => {
    let node = drawn.get(r.id);
    if (!node) drawn.set(r.id, node = row(r));
    node.setAttribute("aria-rowindex", first + i + 2);
    if (node === at) at = at.nextSibling; else rows.insertBefore(node, at);
  });
  above.style.height = first * h + "px";
  below.style.height = Math.max(0, list.length - last) * h + "px";
  grid.setAttribute("aria-rowcount", next ? -1 : list.length + 1);
  grid.hidden = list.length === 0;
  nothing.hidden = !(loaded && list.length === 0);
  count.textContent = list.length === 0 ? "" : next ? several(list.length, "record") + " here; more come as you scroll." : "All " + several(list.length, "record") + " that match.";
  newer.hidden = fresh.length === 0;
  newer.textContent = number(fresh.length) + " new";
  if (next && last > list.length - pageSize / 2) fetchMore();
};
addEventListener("scroll", draw, { passive: true });
addEventListener("resize", draw);

const none = () => Object.keys(active()).length ?
  empty("No record matches", el("p", {}, "Nothing that was recorded fits these filters."), el("p", {}, el("a", { class: "button", href: "/records" }, "Clear the filters"))) :
  empty("No traffic yet", el("p", {}, "Send a program’s traffic through here, and each exchange shows within a second."), command("Terminal", "infershield run -- python app.py"),
    el("p", { class: "hint" }, "Other ways: ", el("a", { href: "/start" }, "Connect"), ". To see it at work without a key: ", el("code", {}, "infershield demo"), "."));

// Loading

const add = (found, where) => {
  const unseen = found.filter((r) => r && r.id && !ids.has(r.id));
  unseen.forEach((r) => ids.add(r.id));
  if (where === "end") list = list.concat(unseen);
  else if (paused || scrollY > 200) fresh = unseen.concat(fresh);
  else prepend(unseen);
  draw();
  return unseen.length;
};
const prepend = (found) => {
  list = found.concat(list);
  if (current >= 0) current += found.length;
  for (const r of list.splice(keep)) ids.delete(r.id);
};
const fetchMore = async () => {
  if (loading || !next) return;
  loading = true;
  const mine = generation;
  try {
    const page = await api("/api/records?" + query({ limit: pageSize, before: next }));
    if (mine !== generation) return;
    next = page.next || null;
    add(page.records || [], "end");
  } catch (err) {
    if (mine === generation && err instanceof APIError) trouble(err, fetchMore);
  } finally { if (mine === generation) loading = false; }
};
const start = async () => {
  const mine = ++generation;
  source?.close();
  loading = false;
  try {
    const page = await api("/api/records?" + query({ limit: pageSize }));
    if (mine !== generation) return;
    calm();
    if (!loaded) next = page.next || null;
    const found = page.records || [];
    if (loaded && found.some((r) => ids.has(r.id))) add(found, "start"); // what came while we were away
    else { list = []; fresh = []; ids = new Set(); drawn.clear(); rows.replaceChildren(); current = -1; next = page.next || null; add(found, "end"); }
    loaded = true;
    nothing.replaceChildren(none());
    say(several(list.length, "record") + (next ? " and more" : ""));
    draw();
    follow();
  } catch (err) {
    if (mine !== generation) return;
    if (!(err instanceof APIError)) throw err;
    state("Not connected", "bad");
    trouble(err, start);
  }
};

// Following

const state = (text, kind) => { live.lastChild.textContent = text; live.className = "pill live " + kind; };
let waiting = [];
const flush = () => {
  const found = waiting.reverse();
  waiting = [];
  const n = add(found, "start");
  if (n) sayLater();
};
let saying = 0;
let unsaid = 0;
const sayLater = () => {
  unsaid = list.length + fresh.length;
  if (!saying) saying = setTimeout(() => { saying = 0; say(several(unsaid, "record") + (fresh.length ? ", " + fresh.length + " of them new" : "")); }, 5000);
};
const follow = () => {
  if (filters.until) return state("A stretch of the past", "");
  const mine = generation;
  const stream = query();
  source = new EventSource("/api/stream" + (stream ? "?" + stream : ""));
  source.addEventListener("open", () => { if (mine === generation) state(paused ? "Paused" : "Live", paused ? "" : "good"); });
  source.addEventListener("record", (event) => {
    try { waiting.push(JSON.parse(event.data)); } catch { return; }
    if (waiting.length === 1) setTimeout(flush, 100);
  });
  source.addEventListener("error", () => {
    if (mine !== generation) return;
    source.close();
    state("Not connected", "bad");
    trouble(new APIError("The connection to InferShield was lost; what is shown may be old.", 0), start);
  });
};
addEventListener("pagehide", () => { generation++; source?.close(); });
addEventListener("pageshow", (event) => { if (event.persisted) start(); });

const merge = () => { const found = fresh; fresh = []; prepend(found); scrollTo({ top: 0 }); draw(); };
newer.addEventListener("click", merge);
addEventListener("scroll", () => { if (!paused && fresh.length && scrollY <= 5) merge(); }, { passive: true });
const pause = () => {
  paused = !paused;
  pauseButton.textContent = paused ? "Resume" : "Pause";
  pauseButton.setAttribute("aria-pressed", String(paused));
  state(paused ? "Paused" : "Live", paused ? "" : "good");
  say(paused ? "Paused" : "Live again");
  if (!paused && fresh.length) merge();
};
pauseButton.addEventListener("click", pause);

// Filtering

const drawChips = () => {
  chips.replaceChildren(...Object.entries(active()).filter(([n]) => n !== "q").map(([n, v]) => {
    const chip = el("button", { type: "button", class: "chip", "aria-label": "Take the filter " + n + " away" }, n.replace("_", " ") + ": " + plain(v, 40), el("span", { "aria-hidden": "true" }, " ✕"));
    chip.addEventListener("click", () => { filters[n] = ""; const field = form.elements[n]; if (field) field.value = ""; apply(); });
    return chip;
  }));
  $("[data-export]").href = "/api/export?" + query({ format: "csv" });
};
const apply = () => {
  history.replaceState(null, "", recordsURL(active()));
  drawChips();
  loaded = false;
  next = null;
  start();
};
let typing = 0;
form.addEventListener("input", (event) => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    for (const n of names) if (form.elements[n]) filters[n] = form.elements[n].value.trim();
    apply();
  }, event.target.tagName === "SELECT" ? 0 : 250);
});
form.addEventListener("submit", (event) => event.preventDefault());
api("/api/facets").then((seen) => offered.forEach((n) => {
  const values = seen[n + "s"] || seen[n] || (n === "category" ? seen.categories : []) || [];
  $("#seen-" + n).replaceChildren(...values.slice(0, 200).map((v) => el("option", { value: typeof v === "string" ? v : v.name })));
})).catch(() => {}); // the fields take any text without it

// Keys

const help = el("dialog", { "aria-label": "Keys" }, el("h2", {}, "Keys"), el("dl", { class: "keys" }, ...[["j, k", "next and previous record"], ["Enter", "open it"], ["/", "search"], ["p", "pause and resume"], ["n", "show what is new"], ["Esc", "leave the search"], ["?", "this list"]]
  .map(([k, what]) => el("div", {}, el("dt", {}, el("kbd", {}, k)), el("dd", {}, what)))), el("form", { method: "dialog" }, el("button", { class: "button" }, "Close")));
body.append(help);
const helpButton = el("button", { type: "button", class: "button small", "aria-label": "Keys" }, "?");
helpButton.addEventListener("click", () => help.showModal());
tools.append(helpButton);
const move = (by) => {
  if (list.length === 0) return;
  current = Math.max(0, Math.min(list.length - 1, current + by));
  const h = height();
  const at = grid.getBoundingClientRect().top + h + current * h; // the head is a row high
  if (at < h * 2) scrollBy(0, at - h * 2);
  if (at + h * 2 > innerHeight) scrollBy(0, at + h * 2 - innerHeight);
  drawNow();
  $("a", drawn.get(list[current].id))?.focus({ preventScroll: true });
};
const keys = { j: () => move(1), k: () => move(-1), p: pause, n: () => fresh.length && merge(), "/": () => search.focus(), "?": () => help.showModal() };
document.addEventListener("keydown", (event) => {
  const field = event.target.closest("input, select, textarea, dialog");
  if (event.key === "Escape" && field && !field.closest("dialog")) return field.blur();
  if (field || event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]();
});

drawChips();
start();
