/** Windowing of a long list: only rows near the visible part are in the document. All rows have the same height. */
import { nextTick, onMounted, onUnmounted, shallowReactive, watch } from "../../lib/html.js";

const AROUND = 8; // rows above and below the visible part

/**
 * @param {import("vue").ShallowRef<HTMLElement | null>} list contains the rows, each with `data-id`
 * @param {() => object[]} rows each with a `task_id`
 * @returns {{first: number, last: number, height: number, show: (index: number) => void}} `last` is exclusive,
 *   `height` is a row's height in px; `show` scrolls a row into view by the shortest distance
 */
export function windowed(list, rows) {
  const shown = shallowReactive({ first: 0, last: 2 * AROUND, height: 64, show });

  function measure() {
    if (!list.value) return;
    shown.height = list.value.querySelector("[data-id]")?.offsetHeight || shown.height;
    const above = -list.value.getBoundingClientRect().top;
    shown.first = Math.max(0, Math.floor(above / shown.height) - AROUND);
    shown.last = Math.ceil((above + innerHeight) / shown.height) + AROUND;
  }

  function show(index) {
    const top = list.value.getBoundingClientRect().top + index * shown.height;
    const style = getComputedStyle(list.value);
    const [highest, lowest] = [parseFloat(style.scrollPaddingTop), innerHeight - parseFloat(style.scrollPaddingBottom)];
    if (top < highest) scrollBy(0, top - highest);
    if (top + shown.height > lowest) scrollBy(0, top + shown.height - lowest);
    measure();
  }

  /** Keep the visible rows in place when rows above them are added or removed. */
  async function hold(now, before) {
    const first = Math.floor(-(list.value?.getBoundingClientRect().top ?? 0) / shown.height);
    const place = first > 0 && before[first] ? now.findIndex((row) => row.task_id === before[first].task_id) : -1;
    await nextTick();
    if (place >= 0 && place !== first) scrollBy(0, (place - first) * shown.height);
    measure();
  }

  watch(rows, hold);
  watch(list, measure, { flush: "post" });
  onMounted(() => {
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
  });
  onUnmounted(() => {
    removeEventListener("scroll", measure);
    removeEventListener("resize", measure);
  });
  return shown;
}
