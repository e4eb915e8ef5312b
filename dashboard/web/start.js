// What the start page does beyond showing: one system's commands at a time
// without a reload, buttons that copy, and the check of this browser.
(() => {
  "use strict";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);

  // Systems

  const choose = (id) => {
    all("[data-panel]").forEach((panel) => { panel.hidden = panel.dataset.panel !== id; });
    all(".systems [data-system]").forEach((link) => {
      if (link.dataset.system !== id) return link.removeAttribute("aria-current");
      link.setAttribute("aria-current", "true");
      one("[data-system-name]").textContent = link.textContent;
    });
    history.replaceState(null, "", "?system=" + encodeURIComponent(id) + location.hash);
  };
  all("[data-system]").forEach((link) => link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    choose(link.dataset.system);
    if (!link.closest(".systems")) one("#by-hand").scrollIntoView();
  }));

  // Copying

  const lines = (block) => all(".line", block).map((line) => line.textContent);
  const copy = async (block) => {
    try {
      await navigator.clipboard.writeText(lines(block).join("\n"));
      return true;
    } catch {
      // Pages over plain HTTP have no clipboard, but may copy what is selected.
      const selection = getSelection();
      selection.selectAllChildren(one("code", block));
      const done = document.execCommand("copy");
      if (done) selection.removeAllRanges();
      return done;
    }
  };
  const said = document.createElement("p");
  said.className = "unseen";
  said.setAttribute("role", "status");
  document.body.append(said);
  all(".code").forEach((block) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy: " + lines(block)[0].slice(0, 60));
    button.addEventListener("click", async () => {
      const done = await copy(block);
      button.textContent = done ? "Copied" : "Press Ctrl+C";
      said.textContent = done ? "Copied" : "Selected; press Ctrl+C to copy";
      setTimeout(() => { button.textContent = "Copy"; said.textContent = ""; }, 2000);
    });
    one(".code-bar", block).append(button);
  });

  // The check

  const card = one("[data-check]");
  const pill = one("[data-check-pill]");
  if (!card || !card.dataset.check) return;

  const ask = async (url) => {
    try {
      const answer = await fetch(url, {
        cache: "no-store", credentials: "omit", redirect: "error", signal: AbortSignal.timeout(8000),
      });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null; // no way there, or a certificate that is not trusted: a page is not told which
    }
  };

  const verdicts = {
    waiting: { short: "Looking at this browser…", title: "Looking at this browser…", text: "" },
    ready: {
      short: "This browser is ready", title: "This browser is ready", through: true, trusted: true,
      text: "It comes through InferShield and trusts its authority.",
    },
    untrusted: {
      short: "The authority is not trusted yet", title: "Not trusted yet", through: true, trusted: false,
      text: "This browser comes through InferShield, but refuses its certificates: its store does not hold the authority. (If the proxy is set for HTTP alone, set it for HTTPS as well.)",
    },
    around: {
      short: "This browser goes around", title: "Not through here yet", through: false,
      text: "This browser does not use the proxy, or cannot reach it.",
    },
    other: {
      short: "Another InferShield answers", title: "Another InferShield answers", through: false,
      text: "This browser goes through an InferShield with another authority than the one that serves this page.",
    },
  };

  const show = (name) => {
    const verdict = verdicts[name];
    card.dataset.state = name;
    pill.dataset.state = name;
    one("[data-check-short]").textContent = verdict.short;
    one("[data-check-title]", card).textContent = verdict.title;
    one("[data-check-text]", card).textContent = verdict.text;
    all("[data-tick]", card).forEach((tick) => {
      const answer = verdict[tick.dataset.tick];
      tick.dataset.answer = answer === undefined ? "unknown" : String(answer);
      one("[data-answer]", tick).textContent = name === "waiting" ? "–" : answer === undefined ? "not known" : answer ? "yes" : "no";
    });
    all("[data-next]", card).forEach((next) => { next.hidden = next.dataset.next !== name; });
  };

  const check = async () => {
    const again = one("[data-check-again]", card);
    again.disabled = true;
    show("waiting");
    const mine = (answer) => answer.authority_sha256 === card.dataset.fingerprint;
    const secure = await ask(card.dataset.check);
    if (secure) {
      show(mine(secure) ? "ready" : "other");
    } else {
      // A page over HTTPS may not ask over HTTP, but it came through here.
      const plain = location.protocol === "https:" ? { authority_sha256: card.dataset.fingerprint } : await ask(card.dataset.checkPlain);
      show(!plain ? "around" : mine(plain) ? "untrusted" : "other");
    }
    again.disabled = false;
  };
  card.hidden = pill.hidden = false;
  one("[data-check-again]", card).addEventListener("click", check);
  check();
})();
