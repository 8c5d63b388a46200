/** Statistics of a device's ended leases: success rate, waits and holds. */
import { html } from "../../lib/html.js";
import { duration } from "../../lib/format.js";
import { ending } from "./reasons.js";

function figure(name, value, more) {
  return html`<div key=${name}><dt>${name}</dt><dd class="number"><strong>${value}</strong><span class="hint">${more}</span></dd></div>`;
}

function spread({ p90, p99, max }) {
  return html`<span>90 % within ${duration(p90)}</span><span>99 % within ${duration(p99)}</span><span>longest ${duration(max)}</span>`;
}

export const Figures = ({ stats }) => {
  if (!stats || stats.acquired + stats.gave_up === 0) return html`<p class="muted">No lease has ended yet.</p>`;
  const unusual = Object.entries(stats.ended_by).filter(([reason]) => reason !== "released");
  return html`
    <dl class="figures">
      ${figure("Acquired the card", `${(100 * stats.success_rate).toFixed(stats.success_rate < 1 ? 1 : 0)} %`, `${stats.acquired} did, ${stats.gave_up} gave up`)}
      ${figure("Typical wait", duration(stats.wait.p50), spread(stats.wait))}
      ${figure("Typical hold", duration(stats.hold.p50), spread(stats.hold))}
    </dl>
    ${unusual.length > 0 && html`<p class="hint">Other endings: ${unusual.map(counted).join(", ")}</p>`}`;
};
Figures.props = ["stats"];

function counted([reason, count]) {
  return `${count} × ${reason === "by_hand" ? "released by hand" : ending(reason)}`;
}
