/** Toasts: short messages in the corner that report an action's success or failure. */
import { html, reactive } from "../lib/html.js";
import { Icon } from "./icon.js";

const SHOWN_MS = 8_000;
const toasts = reactive([]);
let last = 0;

/** @param {string} text @param {"ok" | "bad" | "warn" | "info"} kind a "bad" one stays until it is closed */
export function toast(text, kind = "ok") {
  const id = ++last;
  toasts.push({ id, text, kind });
  if (kind !== "bad") setTimeout(() => dismiss(id), SHOWN_MS);
}

/** Run an action; show `done` or the error as a toast. @returns the action's result, undefined if it failed */
export async function attempt(action, done) {
  try {
    const made = await action();
    if (done) toast(done);
    return made;
  } catch (error) {
    toast(error.message, "bad");
    return undefined;
  }
}

function dismiss(id) {
  const at = toasts.findIndex((one) => one.id === id);
  if (at >= 0) toasts.splice(at, 1);
}

export const Toasts = () => html`
  <div class="toasts" role="status" aria-live="polite">
    ${toasts.map(({ id, text, kind }) => html`
      <div key=${id} class=${`notice ${kind}`}>
        <span>${text}</span>
        <button class="plain icon small" aria-label="Close this message" onClick=${() => dismiss(id)}><${Icon} name="close" /></button>
      </div>`)}
  </div>`;
