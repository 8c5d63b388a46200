/** Editor of one line. The typed text is kept even if the line changes in the meantime. */
import { computed, html, nextTick, onMounted, reactive, ref, shallowRef } from "../../lib/html.js";
import { ErrorNotice } from "../../components/error-notice.js";

const FIELDS = ["text", "start", "end", "speaker"];

export const Editor = {
  props: ["line", "save", "leave"],
  setup(props) {
    const before = shallowRef(props.line); // the line when editing began
    const typed = reactive(asTyped(props.line));
    const busy = ref(false), error = shallowRef(null), area = shallowRef(null);

    const other = computed(() => FIELDS.filter((field) => props.line[field] !== before.value[field]));

    function take() {
      before.value = props.line;
      Object.assign(typed, asTyped(props.line));
      area.value.focus();
    }

    async function send(event) {
      event?.preventDefault();
      const changes = changed(before.value, typed);
      if (!Object.keys(changes).length) return props.leave();
      busy.value = true;
      error.value = null;
      try {
        await props.save(props.line, changes);
      } catch (failure) {
        error.value = failure;
      }
      busy.value = false;
    }

    function press(event) {
      if (event.isComposing) return; // the key belongs to the input method
      if (event.key === "Escape") {
        event.preventDefault();
        props.leave();
      } else if (event.key === "Enter" && !event.shiftKey && event.target.tagName !== "BUTTON") {
        send(event);
      }
    }

    onMounted(async () => {
      await nextTick();
      area.value.focus();
      area.value.select();
    });

    const field = (name, label, more) => html`
      <label>${label}<input name=${name} value=${typed[name]} onInput=${(event) => (typed[name] = event.target.value)} ...${more} /></label>`;
    const seconds = { type: "number", min: 0, step: 0.001, required: true, inputmode: "decimal" };

    return () => html`
      <li class="line editing" data-id=${props.line.id}>
        <form class="stack" aria-label="Edit this line" onSubmit=${send} onKeydown=${press}>
          <label class="words"><span class="visually-hidden">Text</span>
            <textarea ref=${area} rows="2" value=${typed.text} onInput=${(event) => (typed.text = event.target.value)}></textarea>
          </label>
          <div class="row times">
            ${field("start", "Start (s)", seconds)}${field("end", "End (s)", seconds)}
            ${field("speaker", "Speaker", { maxlength: 200, placeholder: "no name" })}
          </div>
          ${other.value.length > 0 && html`
            <div class="notice warn small" role="status">
              This line has changed in the meantime: “${props.line.text}”. Saving replaces it with yours.
              <button type="button" class="small" onClick=${take}>Use the new version</button>
            </div>`}
          <${ErrorNotice} error=${error.value} />
          <div class="row">
            <button class="primary small" disabled=${busy.value}>${busy.value ? "Saving…" : "Save"}</button>
            <button type="button" class="small" onClick=${props.leave}>Discard</button>
            <span class="hint"><kbd>Enter</kbd> saves, <kbd>Esc</kbd> discards; an empty text hides the line</span>
          </div>
        </form>
      </li>`;
  },
};

const asTyped = (line) => ({ text: line.text, start: line.start, end: line.end, speaker: line.speaker ?? "" });

/** @returns the fields that differ; both times if either differs, because they are validated together */
function changed(line, typed) {
  const times = { start: Number(typed.start), end: Number(typed.end) };
  const speaker = typed.speaker.trim() || null;
  return {
    ...(typed.text === line.text ? {} : { text: typed.text }),
    ...(times.start === line.start && times.end === line.end ? {} : times),
    ...(speaker === line.speaker ? {} : { speaker }),
  };
}
