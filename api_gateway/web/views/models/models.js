/** List of models, kept current by their event stream. */
import { onMounted, onUnmounted, shallowReactive } from "../../lib/html.js";
import { api } from "../../lib/api.js";
import { coalesced } from "../../lib/coalesced.js";
import { follow } from "../../lib/live.js";

const WAIT_MS = 300;

/**
 * Follow the models while the component is mounted.
 * @returns {{list: object[] | null, failures: Record<string, object>, error: Error | null}} `ModelView`s, by engine and
 *   name; failed downloads by model id
 */
export function useModels() {
  const models = shallowReactive({ list: null, failures: {}, error: null });
  let stream = null;

  function keep({ data }) {
    models.list = data.toSorted((one, other) => one.engine.localeCompare(other.engine));
    models.error = null;
  }

  /** Merge the progress of a download into the list. */
  function progress({ id, ...download }) {
    const change = { status: "downloading", download };
    models.list = models.list.map((model) => (model.id === id ? { ...model, ...change } : model));
    forgive(id);
  }

  function failed(news) {
    models.failures = { ...models.failures, [news.id]: news };
    reload();
  }

  function downloaded({ id }) {
    forgive(id);
    reload();
  }

  function forgive(id) {
    const { [id]: _, ...others } = models.failures;
    models.failures = others;
  }

  const load = () => api.get("/v1/models").then(keep, (error) => (models.error = error));
  const reload = coalesced(load, WAIT_MS);

  onMounted(() => {
    const handlers = { initial_state: keep, progress, downloaded, failed, loaded: reload, unloaded: reload };
    stream = follow("/v1/models/events", handlers, (state, error) => error && (models.error = error));
  });
  onUnmounted(() => stream?.close());
  return models;
}
