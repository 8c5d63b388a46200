/** Bars for holds and waits. Ended ones do not depend on the time, so most bars are rendered once. */
import { html } from "../../lib/html.js";
import { hueOf } from "./hues.js";
import { place } from "./layout.js";
import { shortTask } from "./names.js";
import { unusual } from "./reasons.js";
import { HOLD, WAIT, WAIT_STEP, WAIT_TOP } from "./sizes.js";

const LETTER = 7.2;
const LABEL_LEAST = 60;
const MARK = 3;

export const Spans = (props) => html`<g>${props.spans.map((span) => bar(span, props))}</g>`;
Spans.props = ["spans", "origin", "scale", "now", "lit"];

function bar(span, { origin, scale, now, lit }) {
  const { x, width } = place(span, now, origin, scale);
  const looks = ["span", span.kind, hueOf(span.task), lit && lit !== span.task ? "dim" : "", span.to === null ? "going" : ""];
  const draw = span.kind === "hold" ? hold : wait;
  return html`<g key=${span.key} class=${looks.join(" ")} data-task=${span.task}>${draw(span, x, width)}</g>`;
}

function hold(span, x, width) {
  const odd = span.reason && unusual(span.reason);
  return html`
    <rect x=${x.toFixed(2)} y=${HOLD.top} width=${width.toFixed(2)} height=${HOLD.height} rx=${Math.min(4, width / 2)} />
    ${width >= LABEL_LEAST && html`
      <text x=${x + 8} y=${HOLD.top + HOLD.height / 2 + 4}>${shortTask(span.task).slice(0, Math.floor((width - 12) / LETTER))}</text>`}
    ${odd && html`<rect class="odd" x=${(x + width - MARK).toFixed(2)} y=${HOLD.top - 4} width=${MARK} height=${HOLD.height + 8} rx="1.5" />`}`;
}

function wait(span, x, width) {
  if (span.row === null) return null;
  const y = WAIT_TOP + span.row * WAIT_STEP;
  const left = span.reason && span.held === null;
  return html`<rect class=${left ? "left" : ""} x=${x.toFixed(2)} y=${y} width=${width.toFixed(2)} height=${WAIT.height} rx=${Math.min(4, width / 2)} />`;
}
