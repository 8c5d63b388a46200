/** Media source of the player: the file dropped in this tab, else the gateway's copy of the task's input. */
import { onUnmounted, shallowReactive, watch } from "../../lib/html.js";
import { link } from "../../lib/api.js";
import { recall } from "../../lib/media.js";
import { address, isUrl, mediaName, references, sentName } from "./inputs.js";

const PLAYABLE = /^(audio|video)\/|^application\/(octet-stream|ogg|mp4|x-matroska)/;
const READABLE = "You can still read and edit the transcript.";
const ASK_AGAIN_MS = 1_000;
const BROKEN = 3; // MediaError.MEDIA_ERR_DECODE

/**
 * @param {() => object | null} task returns the record, null until it is loaded
 * @returns {{url: string, name: string, notice: string}} `notice` says why there is no `url`
 */
export function useMedium(taskId, task) {
  const medium = shallowReactive({ url: "", name: "", notice: "" });
  let own = recall(taskId), opened = false, again = 0, gone = false;

  function show(url) {
    if (gone) return;
    opened = false;
    Object.assign(medium, { url, notice: "" });
  }

  function say(notice) {
    Object.assign(medium, { url: "", notice });
  }

  function forgetOwn() {
    if (own) URL.revokeObjectURL(medium.url);
    own = undefined;
  }

  async function ask() {
    try {
      const given = await references(task());
      medium.name ||= given.map((one) => mediaName(taskId, one)).find(Boolean) ?? "";
      await firstPlayable(given);
    } catch (error) {
      if (gone) return;
      say(error.status === 0 ? "Waiting for the gateway…" : `${error.message} ${READABLE}`);
      if (error.status === 0) again = setTimeout(ask, ASK_AGAIN_MS);
    }
  }

  async function firstPlayable(given) {
    for (const reference of given.filter((one) => !isUrl(one))) {
      const url = await link(address(reference));
      const answer = await fetch(url, { method: "HEAD" }).catch(() => ({ status: 0, headers: new Headers() }));
      if (answer.status === 0) throw Object.assign(new Error(), { status: 0 });
      medium.name = sentName(answer.headers) || medium.name;
      if (answer.status === 404) return say(`The file no longer exists. ${READABLE}`);
      if (PLAYABLE.test(answer.headers.get("Content-Type") ?? "")) return show(url);
    }
    const remote = given.find(isUrl);
    say(remote ? `The media file is on another server and is not played here: ${remote}` : "There is nothing to play: this transcript was made from text.");
  }

  /** Handle a playback error: get a new link, unless the browser cannot play the file. */
  async function failed(error) {
    if (own) {
      forgetOwn();
      return task() && ask();
    }
    const ours = await fetch(medium.url, { method: "HEAD" }).then((answer) => answer.ok, () => false);
    if (ours && (!opened || error?.code === BROKEN)) {
      return say(`This browser cannot play ${medium.name || "the file"}. ${READABLE}`);
    }
    return ask();
  }

  if (own) {
    medium.name = own.name;
    show(URL.createObjectURL(own));
  }
  watch(() => task()?.task_id, (known) => known && !own && ask(), { immediate: true });
  onUnmounted(() => {
    gone = true;
    clearTimeout(again);
    forgetOwn();
  });
  return { medium, failed, opened: () => (opened = true) };
}
