/** Keyboard shortcuts of a view, inactive while the user is typing or a dialog is open. */
import { onMounted, onUnmounted } from "../../lib/html.js";

const WRITING = "input, select, textarea, [contenteditable], dialog";

/** @param {Record<string, () => void>} keys by key name, as in `KeyboardEvent.key` */
export function useKeys(keys) {
  function pressed(event) {
    const act = keys[event.key];
    const busy = event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented;
    if (!act || busy || document.querySelector("dialog[open]") || event.target.closest?.(WRITING)) return;
    event.preventDefault();
    act();
  }
  onMounted(() => addEventListener("keydown", pressed));
  onUnmounted(() => removeEventListener("keydown", pressed));
}
