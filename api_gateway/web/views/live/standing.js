/** Status of the task: progress, reason for waiting, error and facts. */
import { computed, html, shallowRef, watch } from "../../lib/html.js";
import { api } from "../../lib/api.js";
import { duration } from "../../lib/format.js";
import { to } from "../../lib/router.js";
import { isFinal } from "../../lib/status.js";
import { system } from "../../lib/system.js";
import { ErrorNotice } from "../../components/error-notice.js";
import { ProgressBar } from "../../components/progress-bar.js";

const WAITS = new Set(["storage_full", "no_worker", "not_claimed", "queued", "gpu"]);

export const Standing = {
  props: ["path", "state"],
  setup({ path, state }) {
    const waiting = shallowRef(null);
    const status = computed(() => state.task?.status);
    const idle = computed(() => status.value === "PENDING" || (status.value === "RUNNING" && !state.progress?.percent));
    /** What the wait reason depends on: live workers, lock holders and task counts. */
    const surroundings = computed(() => {
      const { workers = [], locks = [], counts = {} } = system.snapshot ?? {};
      return JSON.stringify([workers.map(({ name, alive }) => alive && name), locks.map(({ holder }) => holder?.task_id), counts]);
    });

    async function ask() {
      const told = idle.value ? await api.get(`${path}/wait-reason`).catch(() => null) : null;
      waiting.value = idle.value && WAITS.has(told?.reason) ? told : null;
    }
    watch([status, idle, surroundings], ask, { immediate: true });

    return () => state.task && html`
      <section class=${`card standing stack${isFinal(status.value) ? " over" : ""}`} aria-label="Status">
        <${ErrorNotice} error=${state.task.error} />
        ${!isFinal(status.value) && html`
          <${ProgressBar} percent=${status.value === "PENDING" ? null : state.progress?.percent} message=${message(state)} label="Progress of the task" />`}
        ${waiting.value && html`
          <p class="notice warn" role="status">${waiting.value.message}
            ${waiting.value.eta !== null && waiting.value.eta !== undefined && ` It starts in about ${duration(waiting.value.eta)}.`}</p>`}
        <dl class="facts">${facts(state).map(([term, told]) => html`<dt key=${term}>${term}</dt><dd>${told}</dd>`)}</dl>
      </section>`;
  },
};

function message({ task, progress, cancelling, connection }) {
  if (cancelling) return "Cancelling…";
  if (connection === "connecting") return "Reconnecting…";
  if (task.status === "PENDING") return "Waiting to start";
  return [progress?.phase, progress?.message].filter(Boolean).join(" · ") || "Running";
}

function facts({ task, text }) {
  const stage = task.stages[task.task_name];
  return [
    ["Task", html`<a href=${to("tasks", task.task_id)}>${task.task_name}</a>`],
    text?.language && ["Language", languageName(text)],
    text?.model && ["Model", text.model],
    stage.duration !== null && stage.duration !== undefined && ["Took", duration(stage.duration)],
    stage.attempt > 1 && ["Attempt", stage.attempt],
  ].filter(Boolean);
}

function languageName({ language, language_probability: sure }) {
  const name = new Intl.DisplayNames(navigator.languages, { type: "language", fallback: "code" }).of(language);
  return typeof sure === "number" && sure < 0.995 ? `${name}, ${Math.round(100 * sure)} % sure` : name;
}
