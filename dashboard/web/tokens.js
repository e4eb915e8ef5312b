// Client tokens, where there are any.
import { el, api, body, plain, load, empty, table, when } from "./lib.js";

load(() => api("/api/tokens"), (answer) => {
  const tokens = answer.tokens || [];
  if (answer.supported === false) return body.replaceChildren(empty("Client tokens are not there yet", el("p", {}, plain(answer.hint || "Until they are, give each program its own X-Agent-Id, and find its records by agent.", 600))));
  if (!tokens.length) return body.replaceChildren(empty("No tokens", el("p", {}, "A client token stands for the provider’s key: the program holds the token, InferShield the key. Make one with ", el("code", {}, "infershield token create"), ".")));
  body.replaceChildren(table("Tokens", ["Name", "Made", "Last used"], tokens.slice(0, 1000).map((t) => [plain(t.name, 100), t.created ? when(t.created) : "–", t.last_used ? when(t.last_used) : "never"])));
});
