/** Reason why a task waits, and the estimated time until it starts. */
import { html } from "../../lib/html.js";
import { duration } from "../../lib/format.js";
import { to } from "../../lib/router.js";

const TITLES = {
  storage_full: "The disk is full",
  no_worker: "No worker for this task",
  not_claimed: "Its worker has not started it",
  queued: "Waiting in the queue",
  gpu: "Waiting for the GPU",
};
const WRONG = new Set(["storage_full", "no_worker", "not_claimed"]);

function ordinal(position) {
  if (position === null || position === undefined) return "–";
  return position === 0 ? "next" : `${position} ahead`;
}

export const WaitReason = ({ reason }) => reason.reason in TITLES && html`
  <section class=${`card task-why ${WRONG.has(reason.reason) ? "warn" : ""}`} aria-label="Why it is waiting">
    <h2>${TITLES[reason.reason]}</h2>
    <p>${reason.message}</p>
    <dl class="task-figures">
      <div><dt>Queue</dt><dd>${reason.queue}</dd></div>
      <div><dt>In line</dt><dd class="number">${ordinal(reason.position)}</dd></div>
      ${reason.reason === "queued" && html`<div><dt>Workers</dt><dd class="number">${reason.workers}</dd></div>`}
      ${reason.eta !== null && html`<div><dt>Starts in about</dt><dd class="number">${reason.eta < 1 ? "a moment" : duration(reason.eta)}</dd></div>`}
      ${reason.holder && html`
        <div><dt>GPU held by</dt><dd><a href=${to("tasks", reason.holder.task_id)}>${reason.holder.task_id}</a></dd></div>`}
    </dl>
  </section>`;
WaitReason.props = ["reason"];
