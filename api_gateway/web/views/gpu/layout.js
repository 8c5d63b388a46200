/** Layout of a timeline: pure calculations in ms and px. */
const MOST_ROWS = 6;
const LEAST_WIDTH = 2;
const STEPS_S = [15, 30, 60, 120, 300, 600, 1200, 1800, 3600];
const TICK_WIDTH = 76;

/**
 * Return the holds and waits that have ended, oldest first.
 * @param {object[]} leases `PastLease`s of one lock
 */
export function past(leases) {
  const spans = [];
  for (const lease of leases) {
    const ended = Date.parse(lease.ended_at);
    const granted = ended - (lease.held ?? 0) * 1000;
    const facts = { task: lease.task_id, worker: lease.worker, waited: lease.waited, held: lease.held, reason: lease.reason };
    spans.push(span("wait", facts, granted - lease.waited * 1000, granted));
    if (lease.held !== null) spans.push(span("hold", facts, granted, ended));
  }
  return spans;
}

/** Return the holder's wait and hold, and a wait for each task in the queue; `to` is null while a span lasts. */
export function current({ holder, waiters }) {
  const waits = waiters.map(({ task_id, worker, since }) => span("wait", { task: task_id, worker }, Date.parse(since), null));
  if (!holder) return waits;
  const granted = Date.parse(holder.since);
  const facts = { task: holder.task_id, worker: holder.worker, waited: holder.waited };
  return [span("wait", facts, granted - holder.waited * 1000, granted), span("hold", facts, granted, null), ...waits];
}

function span(kind, facts, from, to) {
  return { ...facts, kind, from, to, key: `${kind} ${facts.task} ${Math.round(from / 10)}` };
}

/**
 * Assign each wait the first row that is free when it starts, so that waits do not overlap. Sets `row` of each wait;
 * null if no row is free.
 * @returns {{shown: number, hidden: number}} the number of rows, and of waits without a row
 */
export function intoRows(waits) {
  const ends = [];
  let hidden = 0;
  for (const wait of waits.sort((one, other) => one.from - other.from)) {
    const free = ends.findIndex((end) => end <= wait.from);
    const row = free < 0 ? ends.length : free;
    wait.row = row < MOST_ROWS ? row : null;
    if (row < MOST_ROWS) ends[row] = wait.to ?? Infinity;
    else hidden += 1;
  }
  return { shown: ends.length, hidden };
}

/** Return the left edge of a span, in px from the origin, and its width, which has a minimum to remain visible. */
export function place(span, now, origin, scale) {
  const width = Math.max(LEAST_WIDTH, ((span.to ?? now) - span.from) * scale);
  return { x: (span.from - origin) * scale, width };
}

/** Return the times of the axis ticks, in ms, for the range that ends now. */
export function ticks(now, rangeMs, width) {
  const fitting = STEPS_S.find((step) => (rangeMs / 1000 / step) * TICK_WIDTH <= width) ?? STEPS_S.at(-1);
  const step = fitting * 1000;
  const shift = new Date(now).getTimezoneOffset() * 60_000;
  const first = Math.ceil((now - rangeMs - shift) / step) * step + shift;
  return Array.from({ length: Math.ceil((now - first) / step) }, (_, index) => first + index * step);
}
