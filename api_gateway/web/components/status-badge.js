/** Badge with a task's status as a coloured word. */
import { html } from "../lib/html.js";

const LOOKS = {
  PENDING: ["Waiting", ""], RUNNING: ["Running", "info running"], SUCCESS: ["Done", "ok"],
  FAILED: ["Failed", "bad"], CANCELLED: ["Cancelled", "warn"],
};

export const StatusBadge = ({ status }) => {
  const [word, look] = LOOKS[status] ?? [status, ""];
  return html`<span class=${`badge ${look}`}>${word}</span>`;
};
StatusBadge.props = ["status"];
