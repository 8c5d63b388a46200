/** Error notice: what happened and what to do next. Takes an `ApiError` or the `error` of a task's record. */
import { html } from "../lib/html.js";

/** Return the errors of each field of a rejected request: [{field, message}]. */
export function fieldErrors(error) {
  return error?.problem?.errors ?? [];
}

/** Return a message with text in backticks as <code>. */
function withCode(text) {
  return text.split("`").map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part));
}

export const ErrorNotice = ({ error }) => error && html`
  <div class="notice bad" role="alert">
    <strong>${withCode(error.message ?? String(error))}</strong>
    ${fieldErrors(error).length > 0 && html`
      <ul>${fieldErrors(error).map(({ field, message }) => html`<li><code>${field}</code>: ${message}</li>`)}</ul>`}
    ${error.code && html`<p class="small muted"><code>${error.code}</code></p>`}
  </div>`;
ErrorNotice.props = ["error"];
