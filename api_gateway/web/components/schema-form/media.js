/** Controls for media files: choose or drop a file, or enter a path below share, a file id or a URL. */
import { html, shallowRef } from "../../lib/html.js";
import { CONTROL } from "./control.js";
import { startUpload, uploadOf } from "../../lib/uploads.js";
import { Icon } from "../icon.js";
import { UploadRow } from "../upload-row.js";

const REFERENCE = "A URL, or a path below share";

/** Button that opens the browser's file dialog and passes the chosen files to `take`. */
export const FileButton = {
  props: ["id", "label", "name", "multiple", "folder", "take", "look"],
  setup(props) {
    const input = shallowRef(null);
    const chosen = (event) => {
      props.take([...event.target.files]);
      event.target.value = ""; // so that the same file can be chosen again
    };
    return () => html`
      <button type="button" id=${props.id} class=${props.look} aria-label=${props.name} onClick=${() => input.value.click()}>${props.label}</button>
      <input ref=${input} type="file" hidden multiple=${props.multiple} webkitdirectory=${props.folder} onChange=${chosen} />`;
  },
};

/** Return handlers for an element that accepts dropped files; the page then ignores the drop (see `usePageDrop`). */
function taking(take) {
  return {
    onDrop: (event) => {
      event.preventDefault();
      take([...event.dataTransfer.files]);
    },
    onDragover: (event) => event.preventDefault(),
  };
}

export const MediaControl = ({ id, value, set, spoken, title }) => {
  const take = ([file]) => file && set(startUpload(file));
  if (uploadOf(value)) return html`<div id=${id} tabindex="-1" ...${taking(take)}><${UploadRow} value=${value} onGone=${() => set(undefined)} /></div>`;
  return html`
    <div class="joined" ...${taking(take)}>
      <input id=${id} type="text" spellcheck="false" autocomplete="off" ...${spoken} value=${value ?? ""} placeholder=${REFERENCE}
             onInput=${(event) => set(event.target.value || undefined)} />
      <${FileButton} label=${html`<${Icon} name="submit" />Choose a file`} name=${`${title}: choose a file`} take=${take} />
    </div>`;
};
MediaControl.props = CONTROL;

export const MediaListControl = {
  props: CONTROL,
  setup(props) {
    const typed = shallowRef("");
    const add = (more) => props.set([...(props.value ?? []), ...more]);
    const take = (files) => add(files.map(startUpload));
    const without = (index) => {
      const left = props.value.filter((_, at) => at !== index);
      props.set(left.length ? left : undefined);
    };
    const enter = (event) => {
      if (event.type === "keydown" && event.key !== "Enter") return;
      if (event.type === "keydown") event.preventDefault();
      if (typed.value.trim()) add([typed.value.trim()]);
      typed.value = "";
    };
    return () => html`
      <div class="stack-small" ...${taking(take)}>
        ${(props.value ?? []).map((one, index) => html`<${UploadRow} key=${one} value=${one} onGone=${() => without(index)} />`)}
        <div class="joined">
          <input type="text" spellcheck="false" autocomplete="off" aria-label=${`${props.title}: add one`} value=${typed.value} placeholder=${REFERENCE}
                 onInput=${(event) => (typed.value = event.target.value)} onChange=${enter} onKeydown=${enter} />
          <${FileButton} label=${html`<${Icon} name="submit" />Choose files`} name=${`${props.title}: choose files`} multiple take=${take} />
        </div>
      </div>`;
  },
};
