/** Row of the task list. */
import { html } from "../../lib/html.js";
import { ago, bytes, clockTime, duration, since } from "../../lib/format.js";
import { to } from "../../lib/router.js";
import { clock } from "../../lib/system.js";
import { Icon } from "../../components/icon.js";
import { ProgressBar } from "../../components/progress-bar.js";
import { StatusBadge } from "../../components/status-badge.js";
import { ACTIONS, isStopping } from "./actions.js";
import { artifactsOf, lineOf, progressOf, shortOf, stageOf, tookOf } from "./stage.js";

const TELL = { PENDING: waiting, RUNNING: running, SUCCESS: made, FAILED: failed, CANCELLED: () => null };

const FIGURES = 3;

function waiting(task) {
  return html`<span class="muted">${stageOf(task).attempt ? `Waiting for attempt ${stageOf(task).attempt + 1}` : "In the queue"}</span>`;
}

function running(task) {
  if (isStopping(task)) return html`<span class="muted">Stopping…</span>`;
  const line = lineOf(task);
  if (line) return html`<span class="muted">${line.position ? `Waiting for the GPU, ${line.position} ahead` : "Next in line for the GPU"}</span>`;
  const { percent, message, phase } = progressOf(task);
  return html`<${ProgressBar} percent=${percent} message=${message || phase} label=${`Progress of ${task.task_id}`} />`;
}

function made(task) {
  return html`<span class="muted">${result(stageOf(task).output)}</span>`;
}

/** Return a short summary of the files, or the first short values if there are none. */
function result(output) {
  const files = artifactsOf(output);
  if (files.length === 0) return shortOf(output).slice(0, FIGURES).map(([name, value]) => `${name} ${value}`).join(" · ");
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const first = files[0]?.path.split("/").at(-1);
  return `${files.length === 1 ? first : `${first} and ${files.length - 1} more`} · ${bytes(size)}`;
}

function failed(task) {
  return html`<span class="task-wrong" title=${task.error?.message}>${task.error?.message}</span>`;
}

function took(task) {
  const seconds = tookOf(task, clock.now);
  return seconds === null ? "" : duration(seconds);
}

export const TaskRow = ({ task, place, total, onAct }) => html`
  <li class="task-row" data-id=${task.task_id} aria-posinset=${place} aria-setsize=${total}>
    <${StatusBadge} status=${task.status} />
    <a class="task-name" href=${to("tasks", task.task_id)}>
      <strong>${task.task_name}</strong><code>${task.task_id}</code>
    </a>
    <div class="task-told">${TELL[task.status]?.(task)}</div>
    <span class="task-took number" title="how long the attempt took">${took(task)}</span>
    <div class="task-acts">
      ${ACTIONS.filter(({ fits }) => fits(task)).map((action) => html`
        <button key=${action.name} class="plain icon small" title=${`${action.label} (${action.key})`}
                aria-label=${`${action.label} ${task.task_id}`} onClick=${() => onAct(action, task)}>
          <${Icon} name=${action.icon} />
        </button>`)}
    </div>
    <time class="task-age number" datetime=${task.created_at} title=${clockTime(task.created_at)}>
      ${ago(since(task.created_at, clock.now))}
    </time>
  </li>`;
TaskRow.props = ["task", "place", "total", "onAct"];
