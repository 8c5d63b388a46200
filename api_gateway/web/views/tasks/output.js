/** Output of a task: files to download and preview, short values, and the whole as JSON. */
import { html, reactive } from "../../lib/html.js";
import { download } from "../../lib/api.js";
import { bytes } from "../../lib/format.js";
import { Icon } from "../../components/icon.js";
import { attempt } from "../../components/toasts.js";
import { Json } from "./json.js";
import { Preview, kindOf } from "./preview.js";
import { artifactsOf, shortOf } from "./stage.js";

export const Output = {
  props: ["output"],
  setup(props) {
    const open = reactive(new Set());
    const turn = (file) => (open.has(file.path) ? open.delete(file.path) : open.add(file.path));
    return () => {
      const files = artifactsOf(props.output);
      const figures = shortOf(props.output);
      return html`
        <section class="card" aria-label="Output">
          <h2>Output</h2>
          <div class="stack">
          ${files.length > 0 && html`<ul class="task-files">${files.map((file) => entry(file, open.has(file.path), () => turn(file)))}</ul>`}
          ${figures.length > 0 && html`
            <dl class="task-figures">${figures.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd class="number">${String(value)}</dd></div>`)}</dl>`}
          <details class="task-raw" open=${files.length + figures.length === 0}>
            <summary>The whole output as JSON</summary><${Json} value=${props.output} label="the output" />
          </details>
          </div>
        </section>`;
    };
  },
};

function entry(file, open, turn) {
  const name = file.path.split("/").at(-1);
  return html`
    <li key=${file.path}>
      <div class="task-file">
        <${Icon} name="file" />
        <div class="task-named"><strong>${name}</strong><span class="small muted">${file.name} · <span class="number">${bytes(file.size)}</span></span></div>
        ${kindOf(file) && html`<button class="small" aria-expanded=${open ? "true" : "false"} aria-label=${`${open ? "Hide" : "Preview"} ${name}`} onClick=${turn}>${open ? "Hide" : "Preview"}</button>`}
        <button class="small" aria-label=${`Download ${name}`} onClick=${() => attempt(() => download(file.url, {}, name))}><${Icon} name="download" />Download</button>
      </div>
      ${open && html`<${Preview} file=${file} />`}
    </li>`;
}
