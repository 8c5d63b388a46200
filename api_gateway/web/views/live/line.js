/** Line of the transcript: time, speaker and text. A click seeks the player to it. */
import { html } from "../../lib/html.js";
import { timecode } from "../../lib/format.js";
import { Icon } from "../../components/icon.js";
import { isDraft } from "../../lib/transcript.js";

const UNSURE_BELOW = 0.5;
const VOICES = 6;

export const Line = ({ line, settled, current, reachable, speaker, voice, language, act }) => {
  const draft = isDraft(line, settled);
  const looks = ["line", draft && "draft", current && "current", line.modified && "modified", isUnsure(line) && "unsure"];
  const tab = reachable ? 0 : -1;
  return html`
    <li class=${looks.filter(Boolean).join(" ")} data-id=${line.id}>
      ${speaker && html`<p class=${`speaker voice-${voice % VOICES}`}>${speaker}</p>`}
      <button class="cue" tabindex=${tab} aria-current=${current ? "true" : undefined} onClick=${() => act("seek", line)}>
        <span class="time number">${timecode(line.start)}</span>
        <span class="said">
          <span class="text" lang=${line.language}>${line.text || html`<em class="muted">hidden line</em>`}</span>
          ${marks(line, draft, settled, language)}
        </span>
      </button>
      <span class="tools">
        ${line.modified && html`
          <button class="plain icon small" tabindex=${tab} aria-label=${`Undo the edit at ${timecode(line.start)}`}
                  title="Undo the edit" onClick=${() => act("undo", line)}><${Icon} name="undo" /></button>`}
        <button class="plain icon small" tabindex=${tab} aria-label=${`Edit the line at ${timecode(line.start)}`}
                title="Edit (F2)" onClick=${() => act("edit", line)}><${Icon} name="edit" /></button>
      </span>
    </li>`;
};
Line.props = ["line", "settled", "current", "reachable", "speaker", "voice", "language", "act"];

function marks(line, draft, settled, language) {
  const found = [
    draft && "draft",
    line.modified && "edited",
    settled && !line.modified && line.source === "draft" && "draft kept",
    isUnsure(line) && !line.modified && `unsure, ${Math.round(100 * line.confidence)} %`,
    line.language && language && line.language !== language && line.language,
    line.event && line.event !== "speech" && line.event,
  ].filter(Boolean);
  return found.map((words) => html`<small key=${words} class="mark" title=${WHY[words]}>${words}</small>`);
}

const WHY = {
  draft: "quick first version; the final text follows",
  edited: "edited by a person; engines no longer change it",
  "draft kept": "the final engine's text looked wrong, so the draft was kept",
};

const isUnsure = ({ confidence }) => confidence !== null && confidence < UNSURE_BELOW;
