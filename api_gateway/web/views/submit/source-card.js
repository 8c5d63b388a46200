/** Files of the task: dropped, chosen, or given as a URL or path. */
import { html } from "../../lib/html.js";
import { FileButton } from "../../components/schema-form/media.js";
import { Hint } from "../../components/schema-form/hint.js";
import { fieldId } from "../../components/schema-form/field.js";
import { hintOf, labelOf } from "../../components/schema-form/schema.js";
import { Icon } from "../../components/icon.js";
import { UploadRow } from "../../components/upload-row.js";
import { addFiles, draft, main } from "./draft.js";
import { mediaIn } from "./dropped.js";

const SHOWN = 50; // files listed; the others are only counted

function put(value) {
  if (/\n/.test(value)) {
    draft.sources.push(...value.split("\n").map((line) => line.trim()).filter(Boolean));
    draft.typed = "";
  } else draft.typed = value;
}

/** Turn pasted lines into a list of references; a text field would join the lines. */
function paste(event) {
  const text = event.clipboardData.getData("text");
  if (!/\S\s*\n\s*\S/.test(text)) return;
  event.preventDefault();
  put(text);
}

const dropPlace = (id) => {
  const some = draft.sources.length > 0;
  return html`
    <div class=${`drop-place ${some ? "slim" : ""}`}>
      <${Icon} name="submit" />
      <strong>${some ? "Drop more files" : "Drop files here, or choose them"}</strong>
      <div class="row">
        <${FileButton} id=${id} label="Choose files" multiple take=${addFiles} look=${some ? "small" : ""} />
        <${FileButton} label="Choose a folder" folder take=${(files) => addFiles(mediaIn(files))} look=${`folder ${some ? "small" : ""}`} />
      </div>
    </div>`;
};

export const SourceCard = ({ form }) => {
  const { name, many, field } = main.value;
  const path = `input_data.${name}`;
  const id = fieldId(path);
  const message = form.say(path, true);
  const reference = draft.typed ? id : "reference"; // the field's id goes to the element that holds the value
  const hidden = draft.sources.length - SHOWN;
  return html`
    <section class="card source-card" aria-labelledby="source-title">
      <header class="row spread"><h2 id="source-title">${labelOf(name)}</h2><code class="hint">${name}</code></header>
      ${dropPlace(draft.typed ? undefined : id)}
      ${draft.sources.length > 0 && html`
        <ul class="uploads" aria-label="Files">
          ${draft.sources.slice(0, SHOWN).map((source, index) => html`
            <li key=${source}><${UploadRow} value=${source} onGone=${() => draft.sources.splice(index, 1)} /></li>`)}
        </ul>`}
      ${hidden > 0 && html`<p class="hint">${`and ${hidden} more`}</p>`}
      <label class="hint" for=${reference}>${draft.sources.length ? "Or enter the URL or path of another file" : "Or enter its URL or path"}</label>
      <input id=${reference} type="text" spellcheck="false" autocomplete="off" placeholder="https://… or inputs/film.mp4" value=${draft.typed}
             aria-invalid=${message ? "true" : undefined} aria-describedby=${`${id}-hint${message ? ` ${id}-error` : ""}`}
             onInput=${(event) => put(event.target.value)} onPaste=${paste} />
      <${Hint} id=${`${id}-hint`} text=${hintOf(field)} />
      ${message && html`<p class="field-error" id=${`${id}-error`}>${message}</p>`}
      ${!many && draft.sources.length > 1 && html`<p class="hint">${`Each of the ${draft.sources.length} files becomes a separate task.`}</p>`}
    </section>`;
};
SourceCard.props = ["form"];
