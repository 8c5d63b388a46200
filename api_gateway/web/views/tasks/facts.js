/** Summary of a task: times, attempt, worker, folder. */
import { html } from "../../lib/html.js";
import { clockTime, duration } from "../../lib/format.js";
import { to } from "../../lib/router.js";
import { clock, system } from "../../lib/system.js";
import { stageOf, tookOf } from "./stage.js";

export const Facts = ({ task }) => {
  const { attempt, started_at } = stageOf(task);
  const running = system.snapshot?.running.find((one) => one.task_id === task.task_id);
  return html`
    <section class="card" aria-label="Summary">
      <h2>Summary</h2>
      <dl class="facts">
        <dt>Submitted</dt><dd>${clockTime(task.created_at)}</dd>
        ${started_at && html`<dt>Started</dt><dd>${clockTime(started_at)}</dd>`}
        ${tookOf(task, clock.now) !== null && html`<dt>Took</dt><dd class="number">${duration(tookOf(task, clock.now))}</dd>`}
        <dt>Attempt</dt><dd class="number">${attempt || "none yet"}</dd>
        ${running?.worker && html`<dt>Worker</dt><dd><a href=${to("workers")}>${running.worker}</a></dd>`}
        ${running && running.liveness !== "alive" && html`<dt>Liveness</dt><dd>${running.liveness}</dd>`}
        ${task.workflow_id !== task.task_id && html`<dt>Workflow</dt><dd><code>${task.workflow_id}</code></dd>`}
        <dt>Folder</dt><dd><code>${task.shared_storage_path}</code></dd>
      </dl>
    </section>`;
};
Facts.props = ["task"];
