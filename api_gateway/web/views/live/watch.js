/** Page of one task: media player and transcript side by side. */
import { computed, html } from "../../lib/html.js";
import { to } from "../../lib/router.js";
import { isFinal } from "../../lib/status.js";
import { inOrder, isDraft } from "../../lib/transcript.js";
import { EmptyState } from "../../components/empty-state.js";
import { ErrorNotice } from "../../components/error-notice.js";
import { Icon } from "../../components/icon.js";
import { StatusBadge } from "../../components/status-badge.js";
import { attempt } from "../../components/toasts.js";
import { Downloads } from "./downloads.js";
import { useTask } from "./following.js";
import { Lines } from "./lines.js";
import { useMedium } from "./medium.js";
import { Player, playerState } from "./player.js";
import { Standing } from "./standing.js";

const RETRIED = new Set(["FAILED", "CANCELLED"]);

export const Watch = {
  props: ["taskId"],
  setup({ taskId }) {
    const { path, state, edit, undo, cancel, retry } = useTask(taskId);
    const source = useMedium(taskId, () => state.task);
    const player = playerState();
    const lines = computed(() => inOrder(state.segments));
    const status = computed(() => state.task?.status);
    const running = computed(() => Boolean(status.value) && !isFinal(status.value));
    const settled = computed(() => status.value === "SUCCESS");
    const name = computed(() => source.medium.name || taskId);

    const actions = () => html`
      ${running.value && html`
        <button class="danger" disabled=${state.cancelling} onClick=${() => attempt(cancel)}>
          <${Icon} name="close" />${state.cancelling ? "Cancelling…" : "Cancel"}</button>`}
      ${RETRIED.has(status.value) && html`
        <button class="primary" onClick=${() => attempt(retry, "The task was queued again; it resumes where it stopped.")}>
          <${Icon} name="retry" />Retry</button>`}`;

    const text = () => html`
      <section class="card transcript" aria-labelledby="text-title">
        <header class="row spread">
          <div class="row"><h2 id="text-title">Transcript</h2><span class="small muted number">${counted(lines.value, settled.value)}</span></div>
          ${lines.value.length > 0 && html`
            <${Downloads} path=${path} name=${name.value.replace(/\.[^.]*$/, "")} running=${running.value} />`}
        </header>
        <${ErrorNotice} error=${state.textError} />
        ${lines.value.length > 0
          ? html`<${Lines} lines=${lines.value} settled=${settled.value} running=${running.value} player=${player}
                           language=${state.text?.language} edit=${edit} undo=${undoTold} />`
          : !state.textError && nothingYet(running.value, status.value)}
      </section>`;

    const undoTold = (line) => attempt(() => undo(line));

    return () => {
      if (state.lost) return html`<${ErrorNotice} error=${state.lost} /><p><a href=${to("live")}>Show all transcripts</a></p>`;
      if (state.removed) return html`<${EmptyState} icon="trash" title="This task was deleted"><a href=${to("live")}>Show all transcripts</a><//>`;
      return html`
        <div class="head">
          <div class="named"><a class="small" href=${to("live")}>All transcripts</a><h1>${name.value}</h1></div>
          ${status.value && html`<${StatusBadge} status=${status.value} />`}
          ${actions()}
        </div>
        <div class="watch">
          <div class="medium stack">
            <${Player} player=${player} source=${source} lines=${lines.value} settled=${settled.value} />
            <${Standing} path=${path} state=${state} />
          </div>
          ${text()}
        </div>`;
    };
  },
};

/** @returns "12 lines", and how many of them are drafts or edited */
function counted(lines, settled) {
  const drafts = lines.filter((line) => isDraft(line, settled)).length;
  const edited = lines.filter((line) => line.modified).length;
  const told = [lines.length === 1 ? "1 line" : `${lines.length} lines`, drafts && `${drafts} in draft`, edited && `${edited} edited`];
  return lines.length ? told.filter(Boolean).join(" · ") : "";
}

function nothingYet(running, status) {
  const title = status === "PENDING" ? "Waiting to start" : "Transcribing…";
  if (running) return html`<${EmptyState} icon="live" title=${title}>The first lines appear here as soon as they are transcribed.<//>`;
  return html`<${EmptyState} icon="live" title=${status === "SUCCESS" ? "No speech found" : "No transcript"}><//>`;
}
