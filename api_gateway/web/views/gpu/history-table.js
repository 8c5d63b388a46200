/** Table of the timeline's ended leases, newest first. */
import { html, ref } from "../../lib/html.js";
import { clockTime, duration, since } from "../../lib/format.js";
import { to } from "../../lib/router.js";
import { clock } from "../../lib/system.js";
import { hueOf } from "./hues.js";
import { serviceOf } from "./names.js";
import { ending, unusual } from "./reasons.js";

const SHOWN = 100;

function line(lease) {
  const odd = unusual(lease.reason);
  return html`
    <tr key=${`${lease.task_id} ${lease.ended_at}`}>
      <td class="number">${clockTime(lease.ended_at)}</td>
      <td><span class=${`task ${hueOf(lease.task_id)}`}><a href=${to("tasks", lease.task_id)}>${lease.task_id}</a></span></td>
      <td>${serviceOf(lease.worker)}</td>
      <td class="number">${duration(lease.waited)}</td>
      <td class="number">${duration(lease.held)}</td>
      <td class=${odd ? "odd" : ""}>${ending(lease.reason)}</td>
    </tr>`;
}

export const HistoryTable = {
  props: ["leases", "rangeMs"],
  setup(props) {
    const open = ref(false);
    return () => {
      const leases = props.leases.filter((lease) => since(lease.ended_at, clock.now) * 1000 < props.rangeMs);
      return html`
        <details class="history" onToggle=${(event) => (open.value = event.target.open)}>
          <summary>As a table (<span class="number">${leases.length}</span>)</summary>
          ${open.value && table(leases)}
        </details>`;
    };
  },
};

function table(leases) {
  if (leases.length === 0) return html`<p class="muted">No lease ended in this period.</p>`;
  return html`
    <div class="table-frame" tabindex="0" role="region" aria-label="Leases that have ended">
      <table>
        <thead><tr>${["Ended", "Task", "Service", "Waited", "Held", "How it ended"].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
        <tbody>${leases.slice(-SHOWN).reverse().map(line)}</tbody>
      </table>
    </div>
    ${leases.length > SHOWN && html`<p class="hint">The latest ${SHOWN}. All of them: <code>GET /v1/monitoring/locks/history</code></p>`}`;
}
