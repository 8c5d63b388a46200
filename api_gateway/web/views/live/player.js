/** Media player: video or audio, subtitles, and playback position. */
import { html, onMounted, shallowReactive, shallowRef, watch } from "../../lib/html.js";
import { isDraft, lineAt } from "../../lib/transcript.js";
import { Icon } from "../../components/icon.js";
import { subtitles } from "./cues.js";

/** State and controls of the player that the lines use. `time` is in seconds. */
export function playerState() {
  const player = shallowReactive({ time: 0, playing: false, sound: false, video: null });
  player.seek = (time) => {
    player.time = time;
    if (player.video) player.video.currentTime = time;
  };
  player.toggle = () => {
    if (player.video?.paused) return player.video.play().catch(() => {}); // the `error` event reports the cause
    player.video?.pause();
  };
  return player;
}

export const Player = {
  props: ["player", "source", "lines", "settled"],
  setup(props) {
    const { player, source } = props;
    const video = shallowRef(null);
    let track = null, goOn = null;

    function opened() {
      source.opened();
      player.sound = video.value.videoWidth === 0;
      track.mode = player.sound ? "hidden" : "showing";
      if (!goOn) return;
      player.seek(goOn.time);
      if (goOn.playing) player.toggle();
      goOn = null;
    }

    function failed() {
      if (!source.medium.url) return; // there is nothing to play
      goOn ??= { time: player.time, playing: !video.value.paused };
      source.failed(video.value.error);
    }

    const moved = () => (player.time = video.value.currentTime);
    const turned = () => (player.playing = !video.value.paused && !video.value.ended);

    onMounted(() => {
      const kept = subtitles(video.value);
      track = kept.track;
      watch(() => [props.lines, props.settled], () => kept.keep(props.lines, props.settled), { immediate: true });
      watch(() => source.medium.url, (url) => (player.video = url ? video.value : null), { immediate: true });
    });

    return () => html`
      <figure class=${`stage${player.sound ? " sound" : ""}`}>
        ${player.sound && spoken(lineAt(props.lines, player.time), props.settled)}
        <video ref=${video} controls playsinline preload="metadata" hidden=${!source.medium.url}
               src=${source.medium.url || undefined} aria-label=${source.medium.name || "Media file"}
               onLoadedmetadata=${opened} onError=${failed} onTimeupdate=${moved} onSeeking=${moved} onPlay=${turned}
               onPause=${turned} onEnded=${turned} onEmptied=${turned}></video>
        ${!source.medium.url && html`
          <div class="no-picture"><${Icon} name="live" /><p role="status">${source.medium.notice || "Loading the media file…"}</p></div>`}
      </figure>`;
  },
};

const spoken = (line, settled) => html`
  <p class=${`spoken${line && isDraft(line, settled) ? " draft" : ""}`} aria-hidden="true">${line?.text}</p>`;
