/** Progress bar. `percent` is 0 to 100, or null if unknown; `message` describes the current step. */
import { html } from "../lib/html.js";

export const ProgressBar = ({ percent, message, label }) => {
  const known = percent !== null && percent !== undefined;
  const whole = known ? Math.round(percent) : undefined;
  return html`
    <div class="progress">
      <div class="track" role="progressbar" aria-label=${label || message || "Progress"} aria-valuemin="0"
           aria-valuemax="100" aria-valuenow=${whole}>
        <div class="fill" style=${{ width: `${known ? percent : 0}%` }}></div>
      </div>
      <div class="told"><span>${message}</span><span class="number">${known && `${whole} %`}</span></div>
    </div>`;
};
ProgressBar.props = ["percent", "message", "label"];
