/**
 * Transcript of a task: a map of segments by id, merged by the rules in common/state/events.py. Nothing is mutated: an
 * unchanged segment remains the same object, so that only changes are rendered again.
 */

export const EMPTY = new Map();

const SHOWN = {
  start: 0, end: 0, text: "", language: null, speaker: null, source: "final", modified: false, confidence: null,
  event: null,
};

/** @returns the segments after a `draft` or `fragment` event; the same map if nothing changes */
export function heard(segments, kind, { language, segments: told }) {
  return merged(segments, told.filter((one) => replaces(segments.get(one.id), kind, one)).map((one) => {
    const before = "modified" in one ? segments.get(one.id) : null; // an edit carries only the editable fields
    return shown({ ...(before ?? { language, source: kind === "draft" ? "draft" : "final" }), ...one });
  }));
}

/** @returns the segments of `GET …/transcript`, and no others */
export function read(segments, transcript) {
  const listed = transcript.segments.map(shown);
  const known = new Set(listed.map(({ id }) => id));
  const kept = new Map([...segments].filter(([id]) => known.has(id)));
  return merged(kept.size === segments.size ? segments : kept, listed);
}

/** @returns the segments with this one, from the response to an edit */
export function edited(segments, segment) {
  return merged(segments, [shown(segment)]);
}

/** @returns the segments in chronological order, without withdrawn drafts, which have no text */
export function inOrder(segments) {
  const visible = [...segments.values()].filter(({ text, modified }) => text || modified);
  return visible.sort((one, other) => one.start - other.start || one.id - other.id);
}

/** Return whether a line may still change. A `settled` transcript keeps drafts whose final text looked wrong. */
export const isDraft = (line, settled) => line.source === "draft" && !line.modified && !settled;

/** @returns the line spoken at a time in seconds: of several, the one that starts last; undefined in silence */
export function lineAt(lines, time) {
  let low = 0, high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lines[middle].start <= time) low = middle + 1;
    else high = middle;
  }
  const last = lines[low - 1];
  return last && time < last.end ? last : undefined;
}

function replaces(before, kind, told) {
  if (!before) return true;
  return kind === "fragment" && (!before.modified || "modified" in told);
}

function merged(segments, news) {
  const changed = news.filter((one) => !same(segments.get(one.id), one));
  return changed.length ? new Map([...segments, ...changed.map((one) => [one.id, one])]) : segments;
}

function shown(segment) {
  const told = Object.keys(SHOWN).map((name) => [name, segment[name] ?? SHOWN[name]]);
  return Object.freeze({ id: segment.id, ...Object.fromEntries(told) });
}

function same(before, after) {
  return before !== undefined && Object.keys(SHOWN).every((name) => before[name] === after[name]);
}
