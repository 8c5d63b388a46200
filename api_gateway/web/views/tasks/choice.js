/** Row selection of the task list: keys move the selection and act on the selected task. */
import { nextTick, ref } from "../../lib/html.js";
import { ACTIONS } from "./actions.js";
import { useKeys } from "./keys.js";

/**
 * @param {import("vue").ShallowRef<HTMLElement | null>} list of rows, each with a link
 * @param {() => object[]} rows
 * @param {(index: number) => void} show scrolls a row into view
 * @param {(action: object, task: object) => void} act
 * @returns {(event: FocusEvent) => void} focus handler that selects the focused row
 */
export function useChoice(list, rows, show, act) {
  const chosen = ref("");
  const place = () => rows().findIndex((row) => row.task_id === chosen.value);

  async function choose(index) {
    const at = Math.min(Math.max(index, 0), rows().length - 1);
    if (at < 0) return;
    chosen.value = rows()[at].task_id;
    show(at);
    await nextTick();
    list.value.querySelector(`[data-id="${chosen.value}"] a`)?.focus({ preventScroll: true });
  }

  function actOnIt(action) {
    const task = rows()[place()];
    if (task && action.fits(task)) act(action, task);
  }

  const next = () => choose(place() + 1);
  const previous = () => choose(place() - 1);
  useKeys({
    j: next, ArrowDown: next, k: previous, ArrowUp: previous,
    ...Object.fromEntries(ACTIONS.map((action) => [action.key, () => actOnIt(action)])),
  });
  return (event) => (chosen.value = event.target.closest("[data-id]")?.dataset.id ?? chosen.value);
}
