/** Download buttons for the transcript, also while the task is running. */
import { html } from "../../lib/html.js";
import { download } from "../../lib/api.js";
import { Icon } from "../../components/icon.js";
import { attempt } from "../../components/toasts.js";

const FORMATS = ["srt", "vtt", "txt", "json"];

export const Downloads = ({ path, name, running }) => html`
  <div class="downloads" role="group" aria-label=${running ? "Download the transcript so far" : "Download the transcript"}>
    <${Icon} name="download" />
    ${FORMATS.map((format) => html`
      <button key=${format} class="small" aria-label=${`Download ${format.toUpperCase()}`}
              onClick=${() => attempt(() => download(`${path}/transcript`, { format }, `${name}.${format}`))}>
        ${format.toUpperCase()}
      </button>`)}
  </div>`;
Downloads.props = ["path", "name", "running"];
