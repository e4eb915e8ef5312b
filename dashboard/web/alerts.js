// Alerts: what deserves a look, newest first.
import { el, api, body, say, plain, when, number, load, empty, recordURL, several } from "./lib.js";

load(() => api("/api/alerts"), (answer) => {
  const alerts = Array.isArray(answer) ? answer : answer.alerts || answer.data || [];
  say(several(alerts.length, "alert"));
  if (!alerts.length) return body.replaceChildren(empty("No alerts", el("p", {}, "Nothing of risk 40 or more was seen. New alerts show here, and go to the webhook, syslog or OpenTelemetry receivers that are configured.")));
  body.replaceChildren(el("p", { class: "hint" }, several(alerts.length, "alert") + ", newest first"), el("ul", { class: "alerts" }, ...alerts.slice(0, 500).map((a) => {
    const id = a.log_id || a.request_id;
    return el("li", { class: "alert " + (a.severity === "critical" ? "bad" : "warn") },
      el("span", { class: "badge " + (a.severity === "critical" ? "block" : "redact") }, plain(a.severity, 20)),
      el("span", { class: "what" }, id ? el("a", { href: recordURL(id) }, plain(a.message, 300)) : plain(a.message, 300)),
      el("span", { class: "hint" }, plain(a.agent_id || "", 60)), el("span", { class: "hint" }, when(a.timestamp || a.time)));
  })));
});
