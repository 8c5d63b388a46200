/** Submit view: files, task, settings and request. */
import { html, shallowRef } from "../lib/html.js";
import { route } from "../lib/router.js";
import { ErrorNotice } from "../components/error-notice.js";
import { Fields } from "../components/schema-form/schema-form.js";
import { fieldsOf } from "../components/schema-form/schema.js";
import { jump, useAttempt } from "./submit/attempt.js";
import { catalog, find, firstChoice, loadCatalog } from "./submit/catalog.js";
import { addFiles, choose, draft, entry, main, sources } from "./submit/draft.js";
import { usePageDrop } from "./submit/dropped.js";
import { ENVELOPE } from "./submit/envelope.js";
import { RequestCard } from "./submit/request-card.js";
import { SentCard } from "./submit/sent-card.js";
import { SettingsCard } from "./submit/settings-card.js";
import { SourceCard } from "./submit/source-card.js";
import { TaskPicker } from "./submit/task-picker.js";

export default {
  setup() {
    const lost = shallowRef(null);
    const { form, missing, failure, submit, noteChange } = useAttempt();
    const over = usePageDrop(addFiles);

    async function load() {
      lost.value = null;
      try {
        await loadCatalog();
      } catch (error) {
        lost.value = error;
      }
      begin();
    }

    /** Initialise the draft from the route: `#/submit?task=…&media=…`. */
    function begin() {
      const { task, media } = route.query;
      if (find(task)) choose(task);
      if (media && !sources.value.includes(media)) draft.typed = media;
      draft.task ||= firstChoice()?.task_name ?? "";
    }

    const keys = (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.defaultPrevented && submit(event);

    const page = () => html`
      <form class="submit-form" novalidate onSubmit=${submit} onChange=${noteChange} onKeydown=${keys}>
        <div class="stack">
          ${main.value && html`<${SourceCard} form=${form.value} />`}
          ${!main.value && sources.value.length > 0 && html`
            <div class="notice warn">This task takes no file. ${`${sources.value.length} ${sources.value.length === 1 ? "file is" : "files are"}`} kept for a task that does.</div>`}
          <${TaskPicker} />
          <${SettingsCard} form=${form.value} />
          <details class="card advanced">
            <summary>Advanced <span class="hint">priority, task id, callback</span></summary>
            <${Fields} form=${{ ...form.value, root: ENVELOPE }} fields=${fieldsOf(ENVELOPE, ENVELOPE)} path="" value=${draft.envelope}
                       set=${(next) => (draft.envelope = next)} />
          </details>
        </div>
        <${RequestCard} missing=${missing.value} failure=${failure.value} jump=${jump} />
      </form>`;

    load();
    return () => html`
      <div class="submit-view">
      <header class="head"><h1>Submit</h1><p>Drop a video or an audio file, choose a task, and submit it.</p></header>
      <${ErrorNotice} error=${lost.value} />
      ${lost.value && html`<p><button onClick=${load}>Try again</button></p>`}
      ${!lost.value && catalog.value.length === 0 && html`<p class="muted" role="status">Loading the tasks…</p>`}
      <${SentCard} />
      ${entry.value && page()}
      ${over.value && html`<div class="drop-veil" aria-hidden="true"><span>Drop to add</span></div>`}
      </div>`;
  },
};
