/** List of workers: live ones with their tasks first, then those that are gone. */
import { html } from "../../lib/html.js";
import { bytes, clockTime, duration, since } from "../../lib/format.js";
import { to } from "../../lib/router.js";
import { clock } from "../../lib/system.js";
import { EmptyState } from "../../components/empty-state.js";

export const Fleet = ({ workers }) => {
  if (workers.length === 0) {
    return html`
      <${EmptyState} icon="workers" title="No workers yet">
        <p>Start one for each service that you use: <code>python -m services ffmpeg</code></p>
      <//>`;
  }
  const sorted = [...workers].sort((one, other) => other.alive - one.alive || one.name.localeCompare(other.name));
  return html`<ul class="fleet">${sorted.map(worker)}</ul>`;
};
Fleet.props = ["workers"];

function worker(one) {
  const service = one.name.split("@")[0];
  return html`
    <li key=${one.name} class=${one.alive ? "" : "gone"}>
      <header class="row">
        <h3>${service}</h3>
        <span class=${`badge ${look(one)}`}>${one.alive ? (one.active.length > 0 ? "Busy" : "Idle") : "Gone"}</span>
      </header>
      <p class="hint"><code>${one.name}</code></p>
      ${one.alive ? living(one) : html`<p>Last seen <span class="number">${duration(one.last_seen)}</span> ago.</p>`}
    </li>`;
}

function look({ alive, active }) {
  if (!alive) return "bad";
  return active.length > 0 ? "info running" : "ok";
}

function living({ active, children, locks, rss, started_at: started, pid }) {
  return html`
    <dl class="facts">
      <dt>Runs</dt><dd>${active.length === 0 ? html`<span class="muted">nothing</span>` : active.map(taskLink)}</dd>
      ${locks.length > 0 && html`<dt>Holds</dt><dd><a href=${to("gpu")}>${locks.join(", ")}</a></dd>`}
      <dt>Memory</dt><dd class="number">${bytes(rss)}</dd>
      <dt>Processes</dt><dd class="number">${[pid, ...children].join(", ")}</dd>
      <dt>Up</dt><dd class="number" title=${`since ${clockTime(started)}`}>${duration(since(started, clock.now))}</dd>
    </dl>`;
}

function taskLink(task) {
  return html`<a key=${task} class="running-task" href=${to("tasks", task)}>${task}</a>`;
}
