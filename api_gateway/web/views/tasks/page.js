/** Page of one task: progress, input, output or error, and callbacks. */
import { html, onMounted, onUnmounted, shallowRef, watch } from "../../lib/html.js";
import { catalog } from "../../lib/catalog.js";
import { duration, since } from "../../lib/format.js";
import { to } from "../../lib/router.js";
import { clock } from "../../lib/system.js";
import { CopyButton } from "../../components/copy-button.js";
import { EmptyState } from "../../components/empty-state.js";
import { ErrorNotice } from "../../components/error-notice.js";
import { Icon } from "../../components/icon.js";
import { ProgressBar } from "../../components/progress-bar.js";
import { StatusBadge } from "../../components/status-badge.js";
import { ACTIONS, isStopping } from "./actions.js";
import { curl } from "./curl.js";
import { Deliveries } from "./deliveries.js";
import { Facts } from "./facts.js";
import { Json } from "./json.js";
import { useKeys } from "./keys.js";
import { wayBack } from "./list.js";
import { Output } from "./output.js";
import { useTask } from "./record.js";
import { stageOf } from "./stage.js";
import { Timings } from "./timings.js";
import { WaitReason } from "./wait-reason.js";

const LEAST_PERCENT = 3; // below it the remaining time is not estimated; nor in a later attempt, which resumes partway

export const TaskPage = {
  props: ["id"],
  setup(props) {
    const record = useTask(props.id);
    const text = shallowRef(false);
    const leave = () => (location.hash = wayBack());

    watch(() => record.task?.task_name, async (name) => {
      document.title = `${name} · Baton`;
      const entry = (await catalog().catch(() => new Map())).get(name);
      text.value = Boolean(entry?.output_schema.properties?.transcript_path);
    });
    onMounted(() => scrollTo(0, 0));
    onUnmounted(() => (document.title = "Tasks · Baton"));

    async function act(action) {
      if (!(await action.run(record.task))) return;
      action.name === "delete" ? leave() : await record.read();
    }
    const byKey = (action) => () => record.task && action.fits(record.task) && act(action);
    useKeys({ Escape: leave, ...Object.fromEntries(ACTIONS.map((action) => [action.key, byKey(action)])) });

    return () => html`
      <article class="task-page">
        <a class="task-back" href=${wayBack()}><${Icon} name="back" />Tasks</a>
        ${absent(record, props.id) ?? (record.task ? whole(record, text.value, act) : html`<${ErrorNotice} error=${record.error} />`)}
      </article>`;
  },
};

/** Return what to show if the task does not exist; null if it does. */
function absent({ removed, error }, id) {
  if (removed) return missing("This task was deleted", "Its record and its files have been deleted.");
  if (error?.status === 404) return missing("There is no such task", html`<code>${id}</code> may have expired or been deleted.`);
  if (error?.status === 422) return missing("This is not a task id", html`<code>${id}</code> contains characters that a task id cannot have.`);
  return null;
}

function missing(title, words) {
  return html`<${EmptyState} icon="search" title=${title}><p>${words}</p><a class="button" href=${to("tasks")}>Show all tasks</a><//>`;
}

function whole({ task, error, reason }, text, act) {
  const stage = stageOf(task);
  return html`
    ${head(task, text, act)}
    <${ErrorNotice} error=${error} />
    <div class="task-parts">
      <div class="stack">
        ${task.status === "RUNNING" && going(task, stage)}
        ${reason && html`<${WaitReason} reason=${reason} />`}
        ${task.status === "FAILED" && task.error && wrong(task.error)}
        ${Object.keys(stage.output).length > 0 && html`<${Output} output=${stage.output} />`}
        <section class="card" aria-label="Input"><h2>Input</h2><${Json} value=${task.input_params.input_data} label="the input" /></section>
        ${task.input_params.callback && html`<${Deliveries} task=${task} />`}
      </div>
      <div class="stack"><${Facts} task=${task} /><${Timings} timings=${stage.timings} /></div>
    </div>`;
}

const LOOKS = { retry: "primary", delete: "plain quiet" };

function head(task, text, act) {
  return html`
    <div class="head">
      <div class="task-title">
        <h1>${task.task_name}</h1><${StatusBadge} status=${task.status} />
        <span class="task-id"><code>${task.task_id}</code><${CopyButton} text=${task.task_id} label="Copy the id" /></span>
      </div>
      <div class="row">
        ${text && html`<a class="button" href=${to("live", task.task_id)}><${Icon} name="live" />Open the transcript</a>`}
        <${CopyButton} text=${curl(task)} label="Copy as curl">curl<//>
        ${isStopping(task) && html`<button disabled>Stopping…</button>`}
        ${ACTIONS.filter(({ fits }) => fits(task)).map((action) => html`
          <button key=${action.name} class=${LOOKS[action.name]} title=${`Key: ${action.key}`} onClick=${() => act(action)}>
            <${Icon} name=${action.icon} />${action.label}
          </button>`)}
      </div>
    </div>`;
}

function going(task, { progress, started_at, attempt }) {
  const took = since(started_at, clock.now);
  const left = attempt === 1 && progress.percent >= LEAST_PERCENT ? (took * (100 - progress.percent)) / progress.percent : null;
  return html`
    <section class="card stack" aria-label="Progress">
      <${ProgressBar} percent=${progress.percent} message=${progress.message || progress.phase || "Started"} label="Progress" />
      <dl class="task-figures">
        <div><dt>Running for</dt><dd class="number">${duration(took)}</dd></div>
        ${left !== null && html`<div><dt>Estimated time left</dt><dd class="number">${duration(left)}</dd></div>`}
        ${attempt > 1 && html`<div><dt>Attempt</dt><dd class="number">${attempt}</dd></div>`}
      </dl>
    </section>`;
}

function wrong(error) {
  return html`
    <section class="card task-failure" role="alert" aria-label="What went wrong">
      <h2>${error.message}</h2>
      <p class="small muted"><code>${error.code}</code>${error.retryable ? " · may be temporary; a retry can help" : ""}</p>
      ${Object.keys(error.detail ?? {}).length > 0 && html`<${Json} value=${error.detail} label="the details of the error" />`}
    </section>`;
}
