/** Timeline of a device's holds and waits, which moves with the clock. */
import { computed, html, onMounted, onUnmounted, ref, shallowRef, watch } from "../../lib/html.js";
import { clockTime, setDuration } from "../../lib/format.js";
import { go } from "../../lib/router.js";
import { gatewayTime } from "../../lib/system.js";
import { current, intoRows, past, place, ticks } from "./layout.js";
import { Spans } from "./spans.js";
import { SpanTip, spanText } from "./span-tip.js";
import { AXIS_HEIGHT, HOLD, NEAR, WAIT_STEP, WAIT_TOP } from "./sizes.js";

const STEP_PX = 0.6; // distance of one redraw
const SHORTEST_MS = 150;
const LONGEST_MS = 1_000;
const TICK_HALF = 32;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export const Timeline = {
  props: ["lock", "leases", "rangeMs"],
  setup(props) {
    const frame = shallowRef(null);
    const width = ref(0);
    const now = ref(gatewayTime());
    const chosen = ref("");
    const byKeys = ref(false);
    const origin = now.value;
    const resized = new ResizeObserver(([entry]) => (width.value = entry.contentRect.width));
    let moving = 0;

    const scale = computed(() => width.value / props.rangeMs);
    const ended = computed(() => past(props.leases).filter(inRange));
    const going = computed(() => current(props.lock));
    const laid = computed(() => {
      const spans = [...ended.value, ...going.value].sort((one, other) => one.from - other.from);
      return { spans, rows: intoRows(spans.filter((span) => span.kind === "wait")) };
    });
    const shown = computed(() => laid.value.spans.find((span) => span.key === chosen.value));

    /** Return whether a span is shown. Waits below one pixel are left out: most tasks find the device free. */
    function inRange(span) {
      const seen = span.to > gatewayTime() - props.rangeMs;
      return seen && (span.kind === "hold" || (span.to - span.from) * scale.value >= 1);
    }

    function move() {
      now.value = gatewayTime();
      const pause = calm.matches ? LONGEST_MS : STEP_PX / (scale.value || 1);
      moving = setTimeout(move, Math.min(LONGEST_MS, Math.max(SHORTEST_MS, pause)));
    }

    /** Return whether a tick's label fits; near the edges it would be cut off. */
    function fits(time) {
      const left = (now.value - time) * scale.value;
      return left > TICK_HALF && width.value - left > TICK_HALF;
    }

    function point(event) {
      const box = frame.value.getBoundingClientRect();
      const at = now.value - (box.right - event.clientX) / scale.value;
      byKeys.value = false;
      chosen.value = nearest(at, event.clientY - box.top)?.key ?? "";
    }

    /** Return the span under the pointer, or a close one in the same lane: short spans are hard to hit. */
    function nearest(at, y) {
      const inLane = laid.value.spans.filter((span) => lies(span, y));
      const far = (span) => Math.max(span.from - at, at - (span.to ?? now.value), 0) * scale.value;
      const [best] = inLane.sort((one, other) => far(one) - far(other));
      return best && far(best) <= NEAR ? best : null;
    }

    function step(event) {
      const holds = laid.value.spans.filter((span) => span.kind === "hold");
      const here = holds.findIndex((span) => span.key === chosen.value);
      const next = { ArrowLeft: (here < 0 ? holds.length : here) - 1, ArrowRight: here + 1, Home: 0, End: holds.length - 1 }[event.key];
      if (event.key === "Enter" && shown.value) go("tasks", shown.value.task);
      if (event.key === "Escape") chosen.value = "";
      if (next === undefined) return;
      event.preventDefault();
      byKeys.value = true;
      chosen.value = (holds[Math.min(holds.length - 1, Math.max(0, next))] ?? { key: "" }).key;
    }

    function leave() {
      chosen.value = "";
    }

    function open(event) {
      if (event.pointerType !== "touch" && shown.value) go("tasks", shown.value.task);
    }

    onMounted(() => {
      resized.observe(frame.value);
      move();
    });
    onUnmounted(() => {
      resized.disconnect();
      clearTimeout(moving);
    });
    watch(() => props.rangeMs, leave);

    return () => {
      const { spans, rows } = laid.value;
      const holds = spans.filter((span) => span.kind === "hold").length;
      const height = WAIT_TOP + Math.max(1, rows.shown) * WAIT_STEP + AXIS_HEIGHT;
      const shift = width.value - (now.value - origin) * scale.value;
      const common = { origin, scale: scale.value, lit: shown.value?.task ?? "" };
      return html`
        <div class="timeline" ref=${frame} tabindex="0" role="group"
             aria-label=${`Timeline of ${setDuration(props.rangeMs / 1000)}: ${holds} holds. Use the arrow keys to move between them.`}
             onPointermove=${point} onPointerdown=${point} onPointerleave=${leave} onClick=${open} onKeydown=${step} onBlur=${leave}>
          <svg width="100%" height=${height} aria-hidden="true">
            <rect class="bed" x="0" y=${HOLD.top} width="100%" height=${HOLD.height} rx="4" />
            <g transform=${`translate(${shift.toFixed(2)} 0)`}>
              ${ticks(now.value, props.rangeMs, width.value).map((time) => tick(time, (time - origin) * scale.value, height, fits(time)))}
              <${Spans} spans=${ended.value} ...${common} />
              <${Spans} spans=${going.value} ...${common} now=${now.value} />
            </g>
            <text class="lane" x="0" y="12">Held</text>
            <text class="lane" x="0" y=${WAIT_TOP - 6}>Waited</text>
          </svg>
          ${shown.value && html`<${SpanTip} span=${shown.value} now=${now.value} at=${middle(shown.value, shift)} width=${width.value} />`}
          <p class="visually-hidden" aria-live="polite">${byKeys.value && shown.value && spanText(shown.value, now.value)}</p>
        </div>
        ${rows.hidden > 0 && html`<p class="hint">${rows.hidden} more simultaneous waits are listed only in the table.</p>`}`;
    };

    function middle(span, shift) {
      const { x, width: wide } = place(span, now.value, origin, scale.value);
      const left = Math.max(0, x + shift);
      return (left + Math.min(width.value, x + wide + shift)) / 2;
    }
  },
};

function lies(span, y) {
  if (span.kind === "hold") return y >= HOLD.top && y <= HOLD.top + HOLD.height;
  const top = WAIT_TOP + (span.row ?? -10) * WAIT_STEP;
  return y >= top && y <= top + WAIT_STEP;
}

function tick(time, x, height, written) {
  const words = clockTime(new Date(time).toISOString()).replace(/:00(?=$|\s)/, "");
  return html`
    <g key=${time} class="tick" transform=${`translate(${x.toFixed(1)} 0)`}>
      <line y1=${HOLD.top} y2=${height - AXIS_HEIGHT} />${written && html`<text y=${height - 5}>${words}</text>`}
    </g>`;
}
