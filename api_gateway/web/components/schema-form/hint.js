/** Hint below a field, with text in `backticks` as <code>. */
import { html } from "../../lib/html.js";

export const Hint = ({ id, text }) => text && html`
  <p class="hint" id=${id}>${text.split("`").map((part, index) => (index % 2 ? html`<code>${part}</code>` : part))}</p>`;
Hint.props = ["id", "text"];
