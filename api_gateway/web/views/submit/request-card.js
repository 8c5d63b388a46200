/** Summary of the request: facts, errors, the submit button and the equivalent command. */
import { html } from "../../lib/html.js";
import { CopyButton } from "../../components/copy-button.js";
import { ErrorNotice } from "../../components/error-notice.js";
import { fieldId } from "../../components/schema-form/field.js";
import { labelOf } from "../../components/schema-form/schema.js";
import { to } from "../../lib/router.js";
import { uploadOf } from "../../lib/uploads.js";
import { showsText } from "./catalog.js";
import { commandsOf } from "./command.js";
import { draft, entry, main, requests, sources } from "./draft.js";
import { sending } from "./sending.js";
import { queueOf } from "./task-picker.js";

const counted = (number, one, more = `${one}s`) => `${number} ${number === 1 ? one : more}`;

function facts() {
  const queue = queueOf(entry.value.queue);
  return [
    ["Task", html`<code>${entry.value.task_name}</code>`],
    main.value && ["Files", sources.value.length || "none yet"],
    ["Runs on", entry.value.needs_gpu ? "the GPU" : "the CPU"],
    queue && ["Ahead of it", queue.waiting + queue.running === 0 ? "nothing" : `${queue.running} running, ${queue.waiting} waiting`],
    ["Then", requests.value.length > 1 ? "a list of the tasks" : showsText(entry.value) ? "the live transcript" : "the task's page"],
  ].filter(Boolean);
}

const noWorker = () => html`
  <div class="notice warn">No worker of <code>${entry.value.queue}</code> is running. The task will wait for one. <a href=${to("workers")}>Workers</a></div>`;

/** Return the label of the button, which also reports an upload in progress. */
function doing() {
  if (!sending.busy) return requests.value.length > 1 ? `Submit ${requests.value.length} tasks` : "Submit task";
  if (sending.total > 1) return `${sending.done} of ${sending.total} submitted…`;
  const upload = uploadOf(sources.value[0]);
  return upload && upload.state !== "done" ? `Uploading, ${Math.floor(100 * upload.share)} %…` : "Submitting…";
}

const summary = (missing, jump) => missing.length > 0 && html`
  <div class="notice bad" role="alert">
    <strong>${`${counted(missing.length, "field")} to correct`}</strong>
    <ul>${missing.map(({ field, message }) => html`
      <li key=${field}><a href=${`#${fieldId(field)}`} onClick=${(event) => (event.preventDefault(), jump(field))}>${nameOf(field)}</a>: ${message}</li>`)}</ul>
  </div>`;

function nameOf(field) {
  const parts = field.split(".").filter((part) => part !== "input_data").map((part) => (/^\d+$/.test(part) ? Number(part) + 1 : labelOf(part)));
  return parts.join(" › ") || "Settings";
}

export const RequestCard = ({ missing, failure, jump }) => html`
  <aside class="card to-send" aria-labelledby="request-title">
    <h2 id="request-title">Request</h2>
    <dl class="facts">${facts().map(([name, told]) => html`<dt>${name}</dt><dd>${told}</dd>`)}</dl>
    ${queueOf(entry.value.queue)?.workers === 0 && noWorker()}
    <${ErrorNotice} error=${failure} />
    ${summary(missing, jump)}
    <div class="send">
      <button class="primary" aria-disabled=${sending.busy} aria-describedby="send-hint">${doing()}</button>
      ${sending.busy
        ? html`<button type="button" onClick=${() => sending.stop()}>Stop</button>`
        : html`<p class="hint" id="send-hint">or <kbd>Ctrl</kbd> <kbd>Enter</kbd></p>`}
    </div>
    <details class="command">
      <summary>As a command</summary>
      <div class="code-block">
        <pre tabindex="0" aria-label="The request as curl commands">${commandsOf(requests.value[0].body)}</pre>
        <${CopyButton} text=${commandsOf(requests.value[0].body)} label="Copy the command" />
      </div>
      ${requests.value.length > 1 && html`<p class="hint">The first of ${requests.value.length} requests; the others differ only in the file.</p>`}
    </details>
  </aside>`;
RequestCard.props = ["missing", "failure", "jump"];
