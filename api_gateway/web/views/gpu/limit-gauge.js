/** Gauge of a lease's age: one segment per active limit, because their lengths differ too much for one scale. */
import { html } from "../../lib/html.js";
import { duration, setDuration } from "../../lib/format.js";

const LEVELS = [
  ["warning", "warns", ""],
  ["soft_timeout", "asks it to end", "warn"],
  ["hard_timeout", "kills it", "bad"],
];

/** Return a segment for each limit: the share that is used, and what the monitor does when it is reached. */
function pieces(held, limits) {
  let before = 0;
  return LEVELS.filter(([name]) => limits[name] > 0).map(([name, does, look]) => {
    const from = before, until = (before = limits[name]);
    const share = Math.min(1, Math.max(0, (held - from) / (until - from || 1)));
    return { name, does, look, until, share };
  });
}

export const LimitGauge = ({ held, limits }) => {
  const all = pieces(held, limits);
  const next = all.find((piece) => piece.share < 1);
  if (all.length === 0) return html`<p class="hint">No time limits are set for it.</p>`;
  const words = next ? `In ${duration(next.until - held)} the monitor ${next.does}` : `Over the last limit, ${setDuration(all.at(-1).until)}`;
  return html`
    <div class="gauge">
      <div class="pieces" role="meter" aria-label="Time held, against its limits" aria-valuemin="0" aria-valuemax=${all.at(-1).until}
           aria-valuenow=${Math.min(Math.round(held), all.at(-1).until)} aria-valuetext=${`${duration(held)}. ${words}.`}>
        ${all.map(({ name, look, share }) => html`<div key=${name} class=${`piece ${look}`}><div style=${{ width: `${100 * share}%` }}></div></div>`)}
      </div>
      <div class="marks hint number">${all.map(({ name, until }) => html`<span key=${name}>${mark(name)} ${setDuration(until)}</span>`)}</div>
      <p class="hint">${words}.</p>
    </div>`;
};
LimitGauge.props = ["held", "limits"];

function mark(name) {
  return { warning: "warning", soft_timeout: "soft", hard_timeout: "hard" }[name];
}
