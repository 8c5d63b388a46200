/** Confirmation dialog for actions that cannot be undone: `if (await confirm({...})) ...`. */
import { html, nextTick, shallowRef, watch } from "../lib/html.js";

const asked = shallowRef(null);

/**
 * @param {{title: string, text: string, yes: string, danger?: boolean, reason?: string}} question `reason` is the
 *   label of a required text field
 * @returns {Promise<string | boolean>} false if declined; else the text entered, or true if `reason` was not given
 */
export function confirm(question) {
  return new Promise((resolve) => {
    asked.value = { ...question, resolve };
  });
}

function answer(value) {
  const { resolve } = asked.value;
  asked.value = null;
  resolve(value);
}

export const ConfirmDialog = {
  setup() {
    const dialog = shallowRef(null);
    const reason = shallowRef("");
    watch(asked, async (question) => {
      reason.value = "";
      await nextTick();
      if (question) dialog.value?.showModal();
    });
    const agree = (event) => {
      event.preventDefault();
      answer(asked.value.reason ? reason.value.trim() : true);
    };
    return () => asked.value && html`
      <dialog ref=${dialog} aria-labelledby="confirm-title" onCancel=${() => answer(false)}>
        <form class="stack" onSubmit=${agree}>
          <h2 id="confirm-title">${asked.value.title}</h2>
          <p>${asked.value.text}</p>
          ${asked.value.reason && html`
            <label>${asked.value.reason}
              <input required value=${reason.value} onInput=${(event) => (reason.value = event.target.value)} />
            </label>`}
          <div class="row">
            <button type="button" onClick=${() => answer(false)}>Go back</button>
            <button class=${asked.value.danger ? "danger" : "primary"}>${asked.value.yes}</button>
          </div>
        </form>
      </dialog>`;
  },
};
