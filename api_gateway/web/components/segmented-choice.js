/** Segmented control: a few radio buttons side by side. */
import { html } from "../lib/html.js";

let made = 0;

export const SegmentedChoice = {
  props: ["label", "choices", "value"],
  emits: ["choose"],
  setup(props, { emit }) {
    const name = `choice-${++made}`;
    return () => html`
      <fieldset class="segments">
        <legend class="visually-hidden">${props.label}</legend>
        ${props.choices.map(([value, words]) => html`
          <label key=${value}>
            <input type="radio" name=${name} checked=${value === props.value} onChange=${() => emit("choose", value)} />
            <span>${words}</span>
          </label>`)}
      </fieldset>`;
  },
};
