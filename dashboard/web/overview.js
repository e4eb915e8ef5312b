// The overview: what went through in a stretch of time. Each number and each
// bar leads to the records behind it.
import { el, api, body, tools, say, plain, number, micros, load, section, empty, command, absolute, recordsURL, trouble, words } from "./lib.js";

const periods = [["1h", "1 hour", "1m"], ["24h", "24 hours", "30m"], ["7d", "7 days", "3h"], ["30d", "30 days", "12h"]];
const asked = new URLSearchParams(location.search).get("since");
const [since, sinceWords, bucket] = periods.find(([p]) => p === asked) || periods[1];

tools.append(el("nav", { class: "switch", "aria-label": "Period" }, ...periods.map(([p, text]) => el("a", { href: "?since=" + p, "aria-current": p === since ? "true" : undefined }, text))));

const counted = (g) => g.requests ?? g.count ?? 0;
const card = (title, value, note, href, kind = "") => el("a", { class: "stat " + kind, href }, el("span", { class: "stat-title" }, title), el("b", {}, value), el("small", {}, note));
const share = (part, whole) => whole ? (part / whole * 100).toFixed(part && part / whole < 0.01 ? 2 : part / whole < 0.1 ? 1 : 0) + " %" : "–";

// Charts

const svg = (name, attributes = {}, ...children) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [k, v] of Object.entries(attributes)) node.setAttribute(k, v);
  node.append(...children);
  return node;
};
const clock = (time) => {
  const d = new Date(time);
  return since === "1h" || since === "24h" ? d.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }) : d.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
};
const width = 720;
const tall = 160;
const step = (series) => series.length > 1 ? new Date(series[1].start) - new Date(series[0].start) : 60000;
const to = (series, i) => recordsURL({ since: series[i].start, until: new Date(new Date(series[i].start).getTime() + step(series)).toISOString() });

// chart draws parts on top of each other, one bar a bucket. Each bar is a link
// for the mouse; the table below it has the same links for everybody else.
const chart = (title, series, parts, show) => {
  const sums = series.map((b) => parts.reduce((sum, p) => sum + p.of(b), 0));
  const top = Math.max(...sums, 1);
  const w = width / series.length;
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${tall}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  series.forEach((b, i) => {
    if (!sums[i]) return;
    const link = svg("a", { href: to(series, i), tabindex: "-1" }, svg("title", {}, absolute(b.start) + "\n" + parts.map((p) => p.name + " " + show(p.of(b))).join(", ")));
    let y = tall;
    for (const p of parts) {
      const h = p.of(b) / top * (tall - 4);
      if (h <= 0) continue;
      y -= Math.max(h, 1.5);
      link.append(svg("rect", { x: (i * w + w * 0.1).toFixed(2), y: y.toFixed(2), width: (w * 0.8).toFixed(2), height: Math.max(h, 1.5).toFixed(2), class: "bar-" + p.kind }));
    }
    drawing.append(link);
  });
  const filled = series.map((b, i) => [b, i]).filter(([, i]) => sums[i]);
  return el("figure", { class: "chart" },
    el("figcaption", {}, el("b", {}, title), el("span", { class: "legend" }, ...parts.map((p) => el("span", { class: "key-" + p.kind }, p.name)))),
    el("div", { class: "plot" }, el("span", { class: "most" }, show(top)), drawing),
    el("div", { class: "axis", "aria-hidden": "true" }, el("span", {}, clock(series[0].start)), el("span", {}, clock(series[Math.floor(series.length / 2)].start)), el("span", {}, "now")),
    el("details", {}, el("summary", {}, "As a table"), el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": title }, el("table", {}, el("thead", {}, el("tr", {}, ...["From", ...parts.map((p) => p.name)].map((h) => el("th", { scope: "col" }, h)))),
      el("tbody", {}, ...filled.slice(-200).map(([b, i]) => el("tr", {}, el("td", {}, el("a", { href: to(series, i) }, absolute(b.start).split(" (")[0])), ...parts.map((p) => el("td", {}, show(p.of(b)))))))))));
};

const breakdown = (title, name, groups) => {
  const most = Math.max(1, ...groups.map(counted));
  return section("By " + title, groups.length ? el("ul", { class: "bars" }, ...groups.slice(0, 10).map((g) => {
    const fill = el("span", { class: "fill", "aria-hidden": "true" });
    fill.style.width = counted(g) / most * 100 + "%";
    const inner = [fill, el("span", { class: "what" }, name === "action" ? words[g.name] || plain(g.name, 60) : plain(g.name || "none", 60)), g.blocked ? el("span", { class: "hint" }, number(g.blocked) + " blocked") : "", el("b", {}, number(counted(g)))];
    return el("li", {}, g.name && g.name !== "…" ? el("a", { href: recordsURL({ [name]: g.name, since }) }, ...inner) : el("span", { class: "unlinked" }, ...inner));
  })) : el("p", { class: "hint" }, "None in this time."));
};

const draw = (s) => {
  const t = s.totals || {};
  const c = s.coverage || {};
  const surfaces = (c.scanned || 0) + (c.skipped || 0) + (c.opaque || 0);
  const series = s.series || [];
  if (!t.requests) {
    body.replaceChildren(empty("No traffic in the last " + sinceWords, el("p", {}, "Send a program’s traffic through here, and this page fills itself."), command("Terminal", "infershield run -- python app.py"), el("p", { class: "hint" }, "Other ways: ", el("a", { href: "/start" }, "Connect"), ". Without a key: ", el("code", {}, "infershield demo"), ".")));
    return;
  }
  const by = s.by || {};
  body.replaceChildren(
    el("div", { class: "stats" },
      card("Requests", number(t.requests), "in the last " + sinceWords, recordsURL({ since })),
      card("Blocked", number(t.blocked), share(t.blocked, t.requests) + " of all", recordsURL({ since, action: "block" }), t.blocked ? "bad" : ""),
      card("Masked", number(t.masked), share(t.masked, t.requests) + " of all", recordsURL({ since, action: "redact" }), t.masked ? "warn" : ""),
      card("Risk", (t.risk_mean || 0).toFixed(1), "mean, of 100", recordsURL({ since, risk_min: 40 })),
      card("Latency added", micros(t.inspect_us_p50 || 0), "median; p99 " + micros(t.inspect_us_p99 || 0), recordsURL({ since })),
      card("Coverage", share(c.scanned || 0, surfaces), number(c.opaque || 0) + " opaque, " + number(c.skipped || 0) + " skipped", recordsURL({ since }), c.opaque ? "warn" : "")),
    t.lost ? el("p", { class: "note bad" }, number(t.lost) + " exchanges were not recorded: the audit log could not keep up or could not be written. ", el("a", { href: "/system" }, "See System"), ".") : "",
    ...(series.length ? [el("div", { class: "charts" },
      chart("Requests", series, [{ name: "blocked", kind: "bad", of: (b) => b.blocked || 0 }, { name: "masked", kind: "warn", of: (b) => b.masked || 0 }, { name: "allowed", kind: "good", of: (b) => Math.max(0, (b.requests || 0) - (b.blocked || 0) - (b.masked || 0)) }], number),
      chart("Mean risk", series, [{ name: "risk", kind: "accent", of: (b) => b.risk_mean || 0 }], (n) => n.toFixed(1)),
      chart("Latency added, p95", series, [{ name: "inspection", kind: "accent", of: (b) => b.inspect_us_p95 || 0 }], micros))] : []),
    el("div", { class: "breakdowns" }, ...["label", "agent", "model", "endpoint", "host", "action"].map((name) => breakdown(name, name, by[name] || []))));
  say(number(t.requests) + " requests, " + number(t.blocked) + " blocked");
};

load(() => api("/api/stats?" + new URLSearchParams({ since, bucket })), draw);
setInterval(() => { if (document.visibilityState === "visible" && !body.contains(document.activeElement) && !body.querySelector("details[open]")) api("/api/stats?" + new URLSearchParams({ since, bucket })).then(draw, (err) => trouble(err, () => location.reload())); }, 15000);
