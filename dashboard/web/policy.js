// The policy: what is in force, what another would have done, and a change to it.
import { el, api, body, tools, say, plain, badge, number, several, load, section, facts, table, recordURL, copyButton, trouble, calm, APIError } from "./lib.js";

const problems = el("ul", { class: "problems", "aria-live": "polite" });
const result = el("div", { "aria-live": "polite" });

const guarded = (button, act) => button.addEventListener("click", async () => {
  button.disabled = true;
  try { await act(); } catch (err) {
    if (!(err instanceof APIError)) throw err;
    trouble(err);
  } finally { button.disabled = false; }
});
const check = async (source) => {
  const answer = await api("/api/policy/check", { send: { source } });
  calm();
  const found = answer.problems || [];
  problems.replaceChildren(...(found.length ? found.slice(0, 100).map((p) => el("li", { class: "bad" }, (p.line ? "Line " + p.line + (p.column ? ", column " + p.column : "") + ": " : "") + plain(p.message, 500))) : [el("li", { class: "good" }, "It holds; as version " + plain(answer.version, 80) + ".")]));
  return answer.ok !== false && !found.length;
};
const replay = async (source) => {
  const answer = await api("/api/policy/replay", { send: { source, since: "7d" } });
  calm();
  const changed = answer.changed || [];
  say(several(changed.length, "record") + " would change");
  result.replaceChildren(section("Over what was recorded in the last 7 days",
    el("p", {}, number(answer.records) + " records decided again: " + (changed.length ? several(changed.length, "would", "would") + " come out otherwise." : "none would come out otherwise.")),
    changed.length ? table("Records that would change", ["Record", "Was", "Would be", "Risk"], changed.slice(0, 200).map((c) => [el("a", { href: recordURL(c.id) }, plain(c.id, 60)), badge(c.was), badge(c.now), String(c.risk ?? "–")])) : ""));
};

const rule = (r) => typeof r === "string" ? [el("code", {}, plain(r, 300))] : [el("code", {}, plain(r.name || r.id || r.rule || "–", 120)), plain(r.text || r.description || r.when || "", 400), r.action ? badge(r.action) : plain(r.do || "", 60), r.line ? String(r.line) : "–"];
const draw = (p) => {
  const source = el("textarea", { id: "source", rows: 22, class: "mono source", spellcheck: false, value: p.source || "", readOnly: !p.editable, maxLength: 1000000 });
  const button = (text, act, kind = "") => { const b = el("button", { type: "button", class: "button " + kind }, text); guarded(b, act); return b; };
  const save = async () => {
    if (!await check(source.value)) return say("It was not saved: it has problems");
    const answer = await api("/api/policy", { method: "PUT", send: { source: source.value, if_version: p.version } });
    p.version = answer.version || p.version;
    problems.replaceChildren(el("li", { class: "good" }, "Saved. From the next exchange on, version " + plain(p.version, 80) + " decides."));
    say("Saved");
  };
  tools.replaceChildren(copyButton(p.source || "", "Copy source"));
  const rules = p.rules || [];
  body.replaceChildren(
    section("In force", facts([["Version", el("code", {}, plain(p.version, 80))], ["Mode", plain(p.mode, 20)], ["Blocks from risk", p.threshold === undefined ? "" : String(p.threshold)], ["File", p.path ? el("code", {}, plain(p.path, 300)) : "built in"]])),
    rules.length ? section("Rules", typeof rules[0] === "string" ? el("ol", { class: "rules" }, ...rules.slice(0, 500).map((r) => el("li", {}, ...rule(r)))) : table("Rules", ["Rule", "Says", "Does", "Line"], rules.slice(0, 500).map(rule))) : "",
    section("Source", el("label", { for: "source", class: "hint" }, p.editable ? "Changes hold once they are saved; they are checked first." : ["This policy is read only here. To have one of your own: ", el("code", {}, "infershield policy show > policy.yaml"), ", then ", el("code", {}, "infershield serve --policy policy.yaml"), "."]), source,
      el("p", { class: "row" }, button("Check", () => check(source.value)), button("Replay over the records", () => replay(source.value)), p.editable ? button("Save", save, "primary") : null), problems),
    result,
    p.history && p.history.length ? section("History", table("History", ["Version", "When", "By"], p.history.slice(0, 50).map((h) => [el("code", {}, plain(h.version, 80)), plain(h.time || h.when, 60), plain(h.by || "–", 60)]))) : "");
};
load(() => api("/api/policy"), draw);
