/** Running tasks: liveness, progress and idle time of each attempt. */
import { html } from "../../lib/html.js";
import { bytes, duration } from "../../lib/format.js";
import { to } from "../../lib/router.js";
import { EmptyState } from "../../components/empty-state.js";
import { ProgressBar } from "../../components/progress-bar.js";

const LOOKS = { alive: ["Alive", "ok running"], stalled: ["Stalled", "warn"], dead: ["Dead", "bad"] };

export const Running = ({ running }) => {
  if (running.length === 0) return html`<${EmptyState} icon="tasks" title="No running tasks" />`;
  return html`<ul class="card pulses">${running.map(pulse)}</ul>`;
};
Running.props = ["running"];

function pulse({ task_id: task, task_name: name, liveness, silent, idle, progress, attempt, rss }) {
  const [word, look] = LOOKS[liveness];
  return html`
    <li key=${task}>
      <div class="who"><a href=${to("tasks", task)}>${task}</a><p class="hint">${name}</p></div>
      <span class=${`badge ${look}`} title=${`last heartbeat ${duration(silent)} ago`}>${word}</span>
      <${ProgressBar} percent=${progress.percent} message=${progress.message || progress.phase} label=${`Progress of ${task}`} />
      <p class="told hint number"><span>idle ${duration(idle)}</span><span>attempt ${attempt}</span><span>${bytes(rss)}</span></p>
    </li>`;
}
