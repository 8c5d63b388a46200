/** Lines of the transcript. The list follows the player or the newest line until the user scrolls away. */
import { computed, html, nextTick, ref, shallowRef, watch } from "../../lib/html.js";
import { lineAt } from "../../lib/transcript.js";
import { Editor } from "./editor.js";
import { Line } from "./line.js";

const BLOCK = 100;
const LOOKS = 20;
const SCROLLING = new Set(["PageUp", "PageDown"]);
const STEPS = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

export const Lines = {
  props: ["lines", "settled", "running", "player", "language", "edit", "undo"],
  setup(props) {
    const list = shallowRef(null), editing = shallowRef(null), reached = ref(null), along = ref(true);
    const shown = computed(() => {
      const lost = editing.value && !props.lines.some(({ id }) => id === editing.value.id); // its editor stays
      return lost ? [...props.lines, editing.value].sort((one, other) => one.start - other.start) : props.lines;
    });
    const places = computed(() => new Map(shown.value.map((line, at) => [line.id, at])));
    const blocks = computed((before = []) => inBlocks(shown.value, before));
    const voices = computed((before = []) => inTurn(shown.value, before));
    const current = computed(() => lineAt(props.lines, props.player.time)?.id);
    const reachable = computed(() => (places.value.has(reached.value) ? reached.value : current.value ?? props.lines[0]?.id));
    /** Id of the line to keep in view: the newest while the task runs and nothing was played, else the current one. */
    const followed = computed(() => {
      if (props.player.playing) return current.value;
      return props.running && props.player.time === 0 ? props.lines.at(-1)?.id : current.value;
    });

    const row = (id) => list.value?.querySelector(`[data-id="${id}"]`);

    /** Scroll a line into view. Lines never rendered have an estimated height, so repeat when those nearby have a real one. */
    function keepInView(id, looks = LOOKS) {
      const found = row(id);
      if (!found || id !== followed.value || !along.value || editing.value) return;
      const frame = list.value.getBoundingClientRect(), place = found.getBoundingClientRect();
      const margin = Math.min(96, frame.height / 4);
      const least = list.value.scrollTop > 0 ? frame.top + margin : frame.top;
      const most = list.value.scrollTop + frame.height < list.value.scrollHeight - 1 ? frame.bottom - margin : frame.bottom;
      const away = place.top < least || place.bottom > most + 1;
      if (away) list.value.scrollTop += place.top - frame.top - (frame.height - place.height) / 2;
      if (looks > 0 && (away || looks < LOOKS)) requestAnimationFrame(() => list.value && keepInView(id, looks - 1));
    }

    async function focus(id) {
      await nextTick();
      row(id)?.querySelector(".cue")?.focus();
    }

    const acts = {
      seek: (line) => {
        along.value = true;
        props.player.seek(line.start);
      },
      edit: (line) => (editing.value = line),
      undo: async (line) => (await props.undo(line), focus(line.id)),
    };
    const act = (what, line) => acts[what](line);

    function leave() {
      const { id } = editing.value;
      editing.value = null;
      focus(id);
    }

    async function save(line, changes) {
      await props.edit(line, changes);
      leave();
    }

    function press(event) {
      if (SCROLLING.has(event.key)) along.value = false;
      const at = places.value.get(reachable.value);
      if (event.target.closest("form") || at === undefined) return;
      const line = shown.value[at];
      if (event.key === " " && event.target.matches(".cue")) props.player.toggle();
      else if (event.key === "F2") act("edit", line);
      else if (STEPS[event.key]) step(at + STEPS[event.key]);
      else return;
      event.preventDefault();
    }

    function step(to) {
      along.value = false;
      focus(shown.value[Math.max(0, Math.min(shown.value.length - 1, to))].id);
    }

    watch(followed, (id) => nextTick(() => keepInView(id)), { immediate: true });
    watch([along, editing], () => nextTick(() => keepInView(followed.value)));

    const reach = (event) => (reached.value = Number(event.target.closest(".line")?.dataset.id));
    const away = () => (along.value = along.value && list.value.scrollHeight <= list.value.clientHeight);
    const byScrollbar = (event) => event.target === list.value && away();

    function block(lines, number) {
      const own = (id) => (Math.floor(places.value.get(id) / BLOCK) === number ? id : undefined);
      return html`
        <${Block} key=${number} lines=${lines} before=${shown.value[number * BLOCK - 1]?.speaker} settled=${props.settled}
                  language=${props.language} voices=${voices.value} current=${own(current.value)} reachable=${own(reachable.value)}
                  editing=${own(editing.value?.id)} act=${act} save=${save} leave=${leave} />`;
    }

    return () => html`
      <div class="lines-frame">
        <ol ref=${list} class="lines" aria-label="Lines of the transcript" onKeydown=${press} onFocusin=${reach} onWheel=${away} onTouchmove=${away}
            onPointerdown=${byScrollbar}>
          ${blocks.value.map(block)}
        </ol>
        ${!along.value && followed.value !== undefined && html`
          <button class="back-along small" onClick=${() => (along.value = true)}>Follow along</button>`}
      </div>`;
  },
};

/** Lines rendered as a unit, so that a change of one line does not re-render thousands of others. */
const Block = ({ lines, before, settled, language, voices, current, reachable, editing, act, save, leave }) =>
  lines.map((line, at) => {
    if (line.id === editing) return html`<${Editor} key=${line.id} line=${line} save=${save} leave=${leave} />`;
    const speaker = line.speaker !== (at ? lines[at - 1].speaker : before) ? line.speaker : null;
    return html`
      <${Line} key=${line.id} line=${line} settled=${settled} current=${line.id === current} act=${act}
               reachable=${line.id === reachable} speaker=${speaker} voice=${voices.indexOf(speaker)} language=${language} />`;
  });
Block.props = [
  "lines", "before", "settled", "language", "voices", "current", "reachable", "editing", "act", "save", "leave",
];

/** @returns the lines in blocks; an unchanged block is the same array as before */
function inBlocks(lines, before) {
  const starts = Array.from({ length: Math.ceil(lines.length / BLOCK) }, (_, number) => number * BLOCK);
  return starts.map((start, number) => {
    const block = lines.slice(start, start + BLOCK), known = before[number] ?? [];
    return block.length === known.length && block.every((line, at) => line === known[at]) ? known : block;
  });
}

/** @returns the speakers in order of their first lines; the same array as before if unchanged */
function inTurn(lines, before) {
  const names = [...new Set(lines.map(({ speaker }) => speaker).filter(Boolean))];
  return names.length === before.length && names.every((name, at) => name === before[at]) ? before : names;
}
