// The system page: how the product does, and the command that fixes what is wrong.
import { el, api, body, plain, number, span, when, load, section, facts, table, command } from "./lib.js";

const kinds = { ok: "good", good: "good", warn: "warn", warning: "warn", fail: "bad", bad: "bad", error: "bad", failing: "bad" };
const signs = { good: "✓", warn: "!", bad: "✕" };
const value = (v) => v === null || v === undefined || v === "" ? "–" : typeof v === "object" ? plain(JSON.stringify(v), 400) : plain(typeof v === "number" ? number(v) : v, 400);
const pairs = (o) => facts(Object.entries(o || {}).slice(0, 40).map(([k, v]) => [k.replaceAll("_", " "), el("span", { class: "mono" }, value(v))]));

const check = (h) => {
  const kind = kinds[h.state] || "warn";
  return el("li", { class: "health " + kind }, el("p", {}, el("span", { class: "sign", "aria-hidden": "true" }, signs[kind]), el("b", {}, plain(h.name, 80)), el("span", { class: "unseen" }, ": " + plain(h.state, 20)), " ", el("span", { class: "hint" }, plain(h.detail, 600))),
    h.fix ? command("What fixes it", plain(h.fix, 600)) : null);
};

const draw = (s) => {
  const ca = s.ca || {};
  const days = ca.days_left;
  body.replaceChildren(
    section("Health", el("ul", { class: "healths" }, ...(s.health || []).map(check)), (s.health || []).length ? "" : el("p", { class: "hint" }, "Nothing to report.")),
    section("Certificate authority", facts([["Valid until", ca.not_after ? el("span", {}, plain(ca.not_after, 40), " ") : ""], ["Days left", days === undefined ? "" : el("span", { class: days < 30 ? "risk high" : "" }, number(days))], ["Fingerprint", el("code", {}, plain(ca.fingerprint || "–", 120))], ["Generation", ca.generation === undefined ? "" : String(ca.generation)]]),
      days !== undefined && days < 30 ? command("Replace it, the old one staying valid for a while", "infershield ca rotate") : ""),
    section("Clients that do not trust it", (s.distrusts || []).length ? table("Clients that do not trust the authority", ["Client", "Host", "Last", "Times"], s.distrusts.slice(0, 200).map((d) => [el("code", {}, plain(d.client, 80)), plain(d.host, 120), when(d.last), number(d.count)])) : el("p", { class: "hint" }, "None was seen."),
      (s.distrusts || []).length ? command("On that client’s machine", "infershield ca install") : ""),
    section("Running", facts([["Version", plain(s.version, 60)], ["Since", s.uptime_s === undefined ? "" : span(Math.round(s.uptime_s))], ["Mode", plain(s.mode, 20)], ["Provider key", plain(s.key_mode, 20)], ["Listens on", el("code", {}, value(s.listen))], ["Intercepts", (s.intercept || []).map((h) => plain(h, 120)).join(", ")], ["Resolver", value(s.resolver)]])),
    section("Audit log", pairs(s.audit && s.audit.stats && typeof s.audit.stats === "object" ? { ...s.audit.stats, head: s.audit.head } : s.audit), command("Prove that no record was changed", "infershield audit verify")),
    section("Exports", (s.exports || []).length ? el("div", { class: "pair" }, ...s.exports.slice(0, 20).map((e) => typeof e === "object" ? el("div", { class: "card" }, pairs(e)) : el("p", {}, plain(e, 200)))) : el("p", { class: "hint" }, "Records go nowhere else. A webhook, syslog or OpenTelemetry receiver is a setting of serve.")));
};
load(() => api("/api/system"), draw);
setInterval(() => { if (document.visibilityState === "visible" && !body.contains(document.activeElement)) api("/api/system").then(draw, () => {}); }, 15000);
