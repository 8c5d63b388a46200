/** The text as a file, also of a task that still runs. */
import { html } from "../../lib/html.js";
import { download } from "../../lib/api.js";
import { Icon } from "../../components/icon.js";
import { attempt } from "../../components/toasts.js";

const FORMATS = ["srt", "vtt", "txt", "json"];

export const Downloads = ({ path, name, running }) => html`
  <div class="downloads" role="group" aria-label=${running ? "Download the text so far" : "Download the text"}>
    <${Icon} name="download" />
    ${FORMATS.map((format) => html`
      <button key=${format} class="small" aria-label=${`Download ${format.toUpperCase()}`}
              onClick=${() => attempt(() => download(`${path}/transcript`, { format }, `${name}.${format}`))}>
        ${format.toUpperCase()}
      </button>`)}
  </div>`;
Downloads.props = ["path", "name", "running"];
