/** Subtitles over the video: a track of WebVTT cues, kept in sync with the lines. */
import { isDraft } from "../../lib/transcript.js";

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/**
 * @param {HTMLVideoElement} video
 * @returns {{track: TextTrack, keep: (lines: object[], settled: boolean) => void}}
 */
export function subtitles(video) {
  const track = video.addTextTrack("subtitles", "Subtitles");
  const cues = new Map(); // {cue, line, draft} by segment id
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

/** @returns the text escaped for WebVTT; drafts in italics */
function markup(text, draft) {
  const escaped = text.replace(/[&<>]/g, (sign) => ESCAPES[sign]);
  return draft ? `<i>${escaped}</i>` : escaped;
}
