// One record: what happened, what was found, what was looked at, and proof that
// nothing else was changed.
import { $, el, api, body, tools, plain, words, badge, risk, tags, when, absolute, number, bytes, micros, load, section, facts, table, masked, copyButton, command, empty, recordsURL, APIError } from "./lib.js";

const id = decodeURIComponent(location.pathname.slice("/records/".length));

// Why

const drawWhy = (why, r) => {
  if (!why) return null;
  const other = why.under_current_policy;
  const changed = other && why.current_policy_version && why.current_policy_version !== r.policy_version;
  const next = (why.next || []).map(String);
  return section("Why",
    el("ul", { class: "why" }, ...(why.sentences || []).map((s) => el("li", {}, plain(s, 1000)))),
    why.rule && typeof why.rule === "object" ? el("p", { class: "hint" }, "Decided by the policy’s rule ", el("code", {}, plain(why.rule.name || why.rule.text, 300)), why.rule.line ? " in line " + why.rule.line : "", ".") : null,
    changed ? el("p", { class: "note" }, "Today’s policy (", el("code", {}, plain(why.current_policy_version, 40)), ") would say: ", badge(other.action), " at risk " + other.risk + ".") : null,
    next.length ? command("What to do next, in a terminal", next.map((n) => plain(n, 1000)).join("\n")) : null);
};

// How it went: bars on one scale of time

const timeline = (r) => {
  const total = Math.max(r.duration_ms, r.first_byte_ms, r.inspect_us / 1000, 1);
  const inspected = r.inspect_us / 1000;
  const blocked = r.action === "block" && r.status === 403;
  const steps = [
    ["Request in", 0, 0, bytes(r.request_bytes)],
    ["Inspected", 0, Math.min(inspected, total), micros(r.inspect_us)],
    blocked ? ["Answered by InferShield", inspected, total, "status " + r.status] : ["Forwarded, to the first byte", Math.min(inspected, total), r.first_byte_ms || total, r.first_byte_ms ? "first byte after " + number(r.first_byte_ms) + " ms" : "no byte came"],
    ...(blocked ? [] : [["Answer", r.first_byte_ms || total, total, bytes(r.response_bytes)]]),
    ["End", total, total, "after " + number(r.duration_ms) + " ms"],
  ];
  return el("ol", { class: "timeline" }, ...steps.map(([name, from, to, text]) => {
    const bar = el("span", { class: "span" });
    bar.style.marginLeft = Math.min(99, from / total * 100) + "%";
    bar.style.width = Math.max(0.8, (to - from) / total * 100) + "%";
    return el("li", {}, el("span", { class: "name" }, name), el("span", { class: "track", "aria-hidden": "true" }, bar), el("span", { class: "amount" }, text));
  }));
};

// Receipts

const receipt = (name, before, after) => {
  const same = before && before === after;
  const [kind, text] = !before && !after ? ["", "No body was seen to its end; nothing can be proven."] :
    same ? ["good", "Unchanged, byte for byte."] :
    !after ? ["warn", "Came in; nothing went on to its end."] :
    !before ? ["warn", "Made here; nothing came in to its end."] : ["warn", "Changed on its way: the sums differ."];
  return el("div", { class: "receipt " + kind }, el("h3", {}, name), el("p", { class: "verdict" }, el("span", { class: "sign", "aria-hidden": "true" }, same ? "✓" : kind ? "!" : "–"), text),
    before || after ? facts([["SHA-256 in", el("code", {}, plain(before || "–", 64))], ["SHA-256 out", el("code", {}, plain(after || "–", 64))]]) : null);
};

// A command that does the same again. It holds no key, and no text of the
// record beyond the host, path and model, each quoted for the shell.
const quote = (text) => "'" + plain(text, 200).replaceAll("'", "'\\''") + "'";
const curl = (r) => {
  const head = ["curl --request " + quote(r.method), "  " + quote("https://" + r.host + r.path), "  --header \"Authorization: Bearer $OPENAI_API_KEY\""];
  if (r.agent && r.agent !== "unknown-agent") head.push("  --header " + quote("X-Agent-Id: " + r.agent));
  if (r.method === "POST") head.push("  --header 'Content-Type: application/json'", "  --data " + quote(JSON.stringify({ model: r.model || "MODEL", ...(r.stream ? { stream: true } : {}), messages: [{ role: "user", content: "…" }] })));
  return head.join(" \\\n");
};

const finding = (f, about) => [
  el("span", {}, el("code", {}, plain(f.rule, 100)), about && about.about ? el("small", { class: "about" }, plain(about.about, 300)) : null, about && about.advice ? el("small", { class: "about" }, plain(about.advice, 300)) : null),
  plain(f.category, 60), Number(f.score).toFixed(2), plain(f.direction, 20) + (f.role ? ", " + plain(f.role, 30) : ""), el("code", {}, plain(f.path || "–", 200)), f.start + "–" + f.end,
  ...(f.views || f.chain ? [plain([].concat(f.views || f.chain).join(" → "), 200)] : []),
];

const excerpt = (title, text) => el("div", { class: "excerpt" }, el("h3", {}, title), text ? el("pre", { tabIndex: 0, "aria-label": title }, ...masked(text)) : el("p", { class: "hint" }, "Nothing was kept."));

const draw = ({ record: r, why }) => {
  document.title = (words[r.action] || r.action) + ", risk " + r.risk + " · InferShield";
  $("h1").replaceChildren(badge(r.action), " ", plain(r.endpoint || r.path, 80));
  const about = new Map(((why && why.findings) || []).map((f) => [f.rule, f]));
  const link = (name, v) => v ? el("a", { href: recordsURL({ [name]: v }) }, plain(v, 120)) : "";
  tools.replaceChildren(copyButton(r.id, "Copy id"), copyButton(location.origin + location.pathname, "Copy link"), copyButton(curl(r), "Copy as curl"));
  const chain = (r.findings || []).some((f) => f.views || f.chain);
  body.replaceChildren(
    el("div", { class: "summary" },
      el("div", {}, el("span", { class: "big" }, risk(r.risk, r.severity)), el("small", {}, "risk of 100, " + plain(r.severity, 20))),
      el("div", { class: "labels" }, ...((r.labels || []).length ? tags(r.labels, 12) : [el("span", { class: "hint" }, "No threat label")]))),
    r.error ? el("p", { class: "note bad" }, "It did not end well: ", plain(r.error, 600)) : "",
    drawWhy(why, r) || "",
    section("Found", r.findings && r.findings.length ? table("Findings", ["Rule", "Category", "Score", "Where", "Path", "Bytes", ...(chain ? ["Seen through"] : [])], r.findings.slice(0, 500).map((f) => finding(f, about.get(f.rule)))) : el("p", { class: "hint" }, "Nothing, in what was inspected."),
      el("div", { class: "pair" }, excerpt("Prompt, masked and cut", r.prompt_excerpt), excerpt("Response, masked and cut", r.response_excerpt))),
    section("How it went", timeline(r)),
    section("What was looked at", table("Coverage", ["Surface", "State", "Reason"], (r.coverage || []).map((c) => [el("code", {}, plain(c.surface, 200)), el("span", { class: "state " + (["scanned", "skipped", "opaque"].includes(c.state) ? c.state : "") }, plain(c.state, 20)), plain(c.reason || "–", 300)]))),
    section("Receipts", el("div", { class: "pair" }, receipt("Request", r.body_sha256?.request_in, r.body_sha256?.request_out), receipt("Response", r.body_sha256?.response_in, r.body_sha256?.response_out))),
    section("Facts", facts([
      ["request_id", el("code", {}, plain(r.id, 100))], ["Time", el("span", {}, when(r.time), " · " + absolute(r.time))], ["Request", el("code", {}, plain(r.method + " " + r.host + r.path, 500))], ["Status", r.status ? String(r.status) : "the client left first"],
      ["Agent", link("agent", r.agent)], ["Session", link("session", r.session)], ["Model", link("model", r.model)], ["Endpoint", link("endpoint", r.endpoint)], ["Host", link("host", r.host)], ["Client", link("client", r.client)],
      ["Came by", plain(r.door, 20) + (r.stream ? ", streamed" : "")], ["Provider key", plain(r.key_mode, 20)], ["Mode", plain(r.mode, 20)], ["Policy version", el("code", {}, plain(r.policy_version, 80))], ["Held at most", bytes(r.held_bytes_max)],
    ])),
    command("The same in a terminal", "infershield audit why " + quote(r.id)));
};

const get = async () => {
  const path = "/api/records/" + encodeURIComponent(id);
  const [record, why] = await Promise.all([api(path), api(path + "/why").catch((err) => { if (err instanceof APIError) return null; throw err; })]);
  return { record, why };
};
load(get, draw, () => body.replaceChildren(empty("No such record",
  el("p", {}, "An exchange is recorded when it ends, and deleted when the retention says so. The id is the request_id of the 403, or the header X-InferShield-Request-Id."),
  el("p", {}, el("a", { class: "button", href: "/records" }, "All records")))));
