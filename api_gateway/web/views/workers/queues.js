/** Table of queues: waiting and running tasks, and live workers. */
import { html } from "../../lib/html.js";

export const Queues = ({ queues }) => html`
  <div class="table-frame queues" tabindex="0" role="region" aria-label="Queues">
    <table>
      <thead><tr>${["Service", "Waiting", "Running", "Workers"].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>${queues.map(queue)}</tbody>
    </table>
  </div>`;
Queues.props = ["queues"];

function queue({ name, waiting, running, workers }) {
  return html`<tr key=${name}><th scope="row">${name}</th>${count(waiting)}${count(running)}${workers > 0 ? count(workers) : none(waiting)}</tr>`;
}

function count(figure) {
  return html`<td class=${`number ${figure === 0 ? "muted" : ""}`}>${figure}</td>`;
}

function none(waiting) {
  return html`<td>${waiting > 0 ? html`<span class="badge bad">none alive</span>` : html`<span class="muted">none</span>`}</td>`;
}
