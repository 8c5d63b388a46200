/** Verdict on the system's health, with reasons and advice. */
import { html } from "../../lib/html.js";
import { Icon } from "../../components/icon.js";
import { adviceOn } from "./advice.js";

const WORDS = {
  ok: ["ok", "check", "Everything is healthy", "Every queue with tasks has a worker, every task makes progress, and no lease is too old."],
  degraded: ["warn", "workers", "Something needs attention", "Tasks still run."],
  failing: ["bad", "close", "Something is broken", "Some tasks cannot run until it is fixed."],
};

export const Verdict = ({ health }) => {
  const [look, icon, title, text] = WORDS[health.verdict];
  return html`
    <section class=${`card verdict ${look}`} aria-label="Verdict">
      <header class="row"><span class="mark"><${Icon} name=${icon} /></span><div role="status"><h2>${title}</h2><p class="muted">${text}</p></div></header>
      ${health.reasons.length > 0 && html`<ul class="reasons">${health.reasons.map(reason)}</ul>`}
    </section>`;
};
Verdict.props = ["health"];

function reason({ weight, code, message }) {
  return html`
    <li key=${message}>
      <span class=${`badge ${weight === "failing" ? "bad" : "warn"}`}>${weight}</span>
      <div><p><strong>${message}</strong></p><p class="hint">${adviceOn(code)} <code>${code}</code></p></div>
    </li>`;
}
