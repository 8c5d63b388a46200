/** Row for an upload, or for a reference to an existing file, with a button that cancels or removes it. */
import { html } from "../lib/html.js";
import { bytes, duration } from "../lib/format.js";
import { retryUpload, stopUpload, uploadOf } from "../lib/uploads.js";
import { Icon } from "./icon.js";
import { ProgressBar } from "./progress-bar.js";

const SOON_S = 1;

export const UploadRow = ({ value, onGone }) => {
  const upload = uploadOf(value);
  const name = upload?.file.name ?? value;
  const going = upload && (upload.state === "sending" || upload.state === "waiting");
  const leave = () => {
    if (upload) stopUpload(upload);
    onGone();
  };
  return html`
    <div class=${`upload ${upload?.state ?? "reference"}`}>
      <span class="sign"><${Icon} name=${upload?.state === "done" ? "check" : "file"} /></span>
      <div class="told">
        <strong title=${name}>${name}</strong>
        ${upload?.state === "sending"
          ? html`<${ProgressBar} percent=${100 * upload.share} label=${`Upload of ${name}`} message=${pace(upload)} />`
          : html`<span class=${upload?.state === "failed" ? "field-error" : "hint"}>${standing(upload)}</span>`}
      </div>
      ${upload?.state === "failed" && html`<button type="button" class="small" onClick=${() => retryUpload(upload)}>Try again</button>`}
      <button type="button" class="plain icon" aria-label=${going ? `Cancel the upload of ${name}` : `Remove ${name}`} onClick=${leave}>
        <${Icon} name="close" />
      </button>
    </div>`;
};
UploadRow.props = ["value", "onGone"];

function standing(upload) {
  if (!upload) return "Not uploaded: workers read it from this location";
  const size = bytes(upload.file.size);
  return { waiting: `${size} · queued`, done: `${size} · uploaded`, failed: upload.error?.message }[upload.state];
}

function pace({ file, share, began }) {
  const passed = (performance.now() - began) / 1000;
  const left = passed > SOON_S && share > 0 ? ` · ${duration((passed / share) * (1 - share))} left` : "";
  return `${bytes(file.size * share)} of ${bytes(file.size)}${left}`;
}
