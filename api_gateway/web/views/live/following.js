/** Live state of one task: record, progress and transcript, consistent again after every reconnection. */
import { onUnmounted, shallowReactive } from "../../lib/html.js";
import { api } from "../../lib/api.js";
import { follow } from "../../lib/live.js";
import { isFinal } from "../../lib/status.js";
import { onTask } from "../../lib/system.js";
import { EMPTY, edited, heard, read } from "../../lib/transcript.js";

const READ_AGAIN_MS = 2_000;

/**
 * Follow a task while the view is shown. Each time the stream (re)connects, it sends the whole record, and the
 * transcript is read. Events that arrive during the read are applied again on top of its result.
 */
export function useTask(taskId) {
  const path = `/v1/tasks/${encodeURIComponent(taskId)}`;
  const state = shallowReactive({
    task: null, progress: null, segments: EMPTY, text: null, connection: "connecting", lost: null, textError: null,
    cancelling: false, removed: false,
  });
  let stream = null, asked = 0, held = null, again = 0;

  function open() {
    stream?.close();
    stream = follow(`${path}/events`, HEARD, (connection, error) => Object.assign(state, { connection, lost: error ?? null }));
  }

  const HEARD = {
    initial_state: begin,
    progress: (progress) => (state.progress = progress),
    draft: (data) => hear("draft", data),
    fragment: (data) => hear("fragment", data),
    signal: ({ code }) => (code === "task_complete" || code === "task_cancelled") && open(), // reads the final state
    error: open,
  };

  function begin(task) {
    Object.assign(state, { task, progress: task.stages[task.task_name].progress, removed: false });
    if (isFinal(task.status)) {
      stream.close();
      Object.assign(state, { connection: "ended", cancelling: false });
    }
    readText();
  }

  function hear(kind, data) {
    held?.push([kind, data]);
    state.segments = heard(state.segments, kind, data);
  }

  async function readText() {
    const mine = ++asked;
    clearTimeout(again);
    held = [];
    try {
      const { segments, ...text } = await api.get(`${path}/transcript`);
      if (mine !== asked) return;
      const known = read(state.segments, { segments });
      state.segments = held.reduce((before, [kind, data]) => heard(before, kind, data), known);
      Object.assign(state, { text, textError: null });
    } catch (error) {
      if (mine !== asked) return;
      if (error.status === 404) state.textError = error;
      else again = setTimeout(readText, READ_AGAIN_MS);
    }
    held = null;
  }

  async function edit(segment, changes) {
    state.segments = edited(state.segments, await api.patch(`${path}/transcript/segments/${segment.id}`, changes));
  }

  async function undo(segment) {
    await api.del(`${path}/transcript/segments/${segment.id}/edit`);
    await readText();
  }

  async function cancel() {
    state.cancelling = true;
    await api.post(`${path}/cancel`).catch((error) => {
      state.cancelling = false;
      throw error;
    });
  }

  async function retry() {
    await api.post(`${path}/retry`);
    open();
  }

  const deaf = onTask((news) => {
    if (news && news.task_id !== taskId) return;
    if (news?.status === null) return Object.assign(state, { removed: true });
    const changed = news && news.status !== state.task?.status;
    if (changed || (!news && state.connection === "ended")) open();
  });

  onUnmounted(() => {
    asked += 1;
    clearTimeout(again);
    deaf();
    stream.close();
  });

  open();
  return { path, state, edit, undo, cancel, retry };
}
