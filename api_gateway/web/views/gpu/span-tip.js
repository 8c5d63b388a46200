/** Tooltip of a bar in the timeline. */
import { html } from "../../lib/html.js";
import { clockTime, duration } from "../../lib/format.js";
import { hueOf } from "./hues.js";
import { ending } from "./reasons.js";

const HALF = 130;

/** Return the facts about a span: [[name, value]]. */
function facts(span, now) {
  const took = ((span.to ?? now) - span.from) / 1000;
  const going = span.to === null;
  const lines = [[going ? "Since" : "From", clockTime(new Date(span.from).toISOString())], ["Process", span.worker]];
  if (span.kind === "wait") return [[going ? "Waiting for" : "Waited", duration(took)], ...lines];
  const held = [going ? "Holding for" : "Held", duration(took)];
  return [held, ["Waited", duration(span.waited)], ...lines, ...(going ? [] : [["Ended", ending(span.reason)]])];
}

/** Return the same facts as one sentence, for screen readers. */
export function spanText(span, now) {
  return [`Task ${span.task}`, ...facts(span, now).map(([name, value]) => `${name} ${value}`)].join(", ");
}

export const SpanTip = ({ span, now, at, width }) => html`
  <div class="tip" style=${{ left: `${Math.min(Math.max(at, HALF), Math.max(HALF, width - HALF))}px` }}>
    <p class=${`task ${hueOf(span.task)}`}><code>${span.task}</code></p>
    <dl class="facts">${facts(span, now).map(([name, value]) => html`<dt>${name}</dt><dd class="number">${value}</dd>`)}</dl>
  </div>`;
SpanTip.props = ["span", "now", "at", "width"];
