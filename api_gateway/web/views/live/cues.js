/** The subtitles over the picture: a track of WebVTT cues, made of the lines and kept in step with them. */
import { isDraft } from "../../lib/transcript.js";

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/**
 * @param {HTMLVideoElement} video
 * @returns {{track: TextTrack, keep: (lines: object[], settled: boolean) => void}}
 */
export function subtitles(video) {
  const track = video.addTextTrack("subtitles", "Subtitles");
  const cues = new Map(); // {cue, line, draft} by the id of a segment
  track.mode = "showing";

  function keep(lines, settled) {
    const wanted = new Map(lines.filter((line) => line.text.trim()).map((line) => [line.id, line]));
    for (const [id, known] of cues) if (!wanted.has(id)) remove(id, known);
    for (const [id, line] of wanted) put(id, line, isDraft(line, settled));
  }

  function remove(id, { cue }) {
    track.removeCue(cue);
    cues.delete(id);
  }

  function put(id, line, draft) {
    const known = cues.get(id);
    if (known?.line === line && known.draft === draft) return;
    if (known) remove(id, known);
    const cue = new VTTCue(line.start, line.end, markup(line.text, draft));
    cues.set(id, { cue, line, draft });
    track.addCue(cue);
  }

  return { track, keep };
}

/** @returns the text as WebVTT takes it: no markup but our own */
function markup(text, draft) {
  const escaped = text.replace(/[&<>]/g, (sign) => ESCAPES[sign]);
  return draft ? `<i>${escaped}</i>` : escaped;
}
