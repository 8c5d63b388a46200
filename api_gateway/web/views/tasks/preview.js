/** Preview of an output file, limited in size. */
import { html, onMounted, shallowRef } from "../../lib/html.js";
import { ApiError, link } from "../../lib/api.js";
import { bytes } from "../../lib/format.js";
import { ErrorNotice } from "../../components/error-notice.js";
import { Json } from "./json.js";

const MOST_TEXT = 64 * 1024;
const MOST_IMAGE = 20 * 1024 * 1024;
const KINDS = {
  text: /\.(txt|srt|vtt|ass|ssa|lrc|sbv|sub|csv|tsv|md|log|xml|ttml|rttm)$/i,
  json: /\.(json|jsonl)$/i,
  image: /\.(png|jpe?g|webp|gif|avif|bmp|svg)$/i,
  audio: /\.(wav|mp3|m4a|aac|flac|ogg|opus)$/i,
  video: /\.(mp4|webm|m4v|mov)$/i,
};

/** @param {{path: string, size: number}} file @returns "text", "json", "image", "audio", "video" or undefined: no preview */
export function kindOf({ path, size }) {
  const kind = Object.keys(KINDS).find((name) => KINDS[name].test(path));
  return kind === "image" && size > MOST_IMAGE ? undefined : kind;
}

/** @returns {Promise<string>} the beginning of the file; an incomplete character at the end is dropped */
async function beginning(url) {
  const answer = await fetch(await link(url), { headers: { Range: `bytes=0-${MOST_TEXT - 1}` } });
  if (!answer.ok && answer.status !== 416) throw new ApiError(answer.status, await answer.json().catch(() => ({}))); // 416: empty file
  return answer.ok ? new TextDecoder().decode(await answer.arrayBuffer(), { stream: true }) : "";
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const Preview = {
  props: ["file"],
  setup({ file }) {
    const kind = kindOf(file);
    const shown = shallowRef(null);
    const error = shallowRef(null);
    onMounted(async () => {
      try {
        const written = kind === "text" || kind === "json";
        shown.value = { [written ? "text" : "url"]: await (written ? beginning : link)(file.url) };
      } catch (failure) {
        error.value = failure;
      }
    });
    return () => html`
      <div class="task-preview">
        ${error.value && html`<${ErrorNotice} error=${error.value} />`}
        ${!shown.value && !error.value && html`<p class="muted">Loading…</p>`}
        ${shown.value && SHOWN[kind](shown.value, file)}
      </div>`;
  },
};

const SHOWN = {
  text: written,
  json: (shown, file) => (parsed(shown.text) === undefined ? written(shown, file) : html`<${Json} value=${parsed(shown.text)} label=${file.path} />`),
  image: ({ url }, file) => html`<img src=${url} alt=${`The image ${file.path}`} />`,
  audio: ({ url }, file) => html`<audio controls src=${url} aria-label=${file.path}></audio>`,
  video: ({ url }, file) => html`<video controls src=${url} aria-label=${file.path}></video>`,
};

function written({ text }, file) {
  return html`
    <pre tabindex="0" aria-label=${`The content of ${file.path}`}>${text || "The file is empty."}</pre>
    ${file.size > MOST_TEXT && html`<p class="small muted">The first ${bytes(MOST_TEXT)} of ${bytes(file.size)}. Download the file to see the rest.</p>`}`;
}
