/** Delivery attempts of a task's callbacks. No event reports a new one, so they are polled when one is due. */
import { onUnmounted, shallowReactive } from "../../lib/html.js";
import { api } from "../../lib/api.js";
import { gatewayTime } from "../../lib/system.js";

const FIRST_LOOK_MS = 250;
const LAST_LOOK_MS = 60_000;
const LATE_MS = 500; // time for the attempt itself

/** @returns {{tries: object[] | null, error: Error | null, read: Function, expect: Function, replay: Function}} newest first */
export function useLedger(id) {
  const path = `/v1/tasks/${encodeURIComponent(id)}/deliveries`;
  const ledger = shallowReactive({ tries: null, error: null, read, expect, replay });
  let timer = 0;
  onUnmounted(() => clearTimeout(timer));

  async function read() {
    try {
      const { deliveries } = await api.get(path);
      Object.assign(ledger, { tries: deliveries.toReversed(), error: null });
    } catch (error) {
      ledger.error = error;
    }
    const due = ledger.tries?.[0]?.next_try_at;
    if (due) later(Math.max(FIRST_LOOK_MS, Date.parse(due) - gatewayTime() + LATE_MS), read);
  }

  /** Poll at doubling intervals until there are more attempts than now. */
  function expect(count = ledger.tries?.length ?? 0, wait = FIRST_LOOK_MS) {
    if (wait > LAST_LOOK_MS) return;
    later(wait, async () => {
      await read();
      if ((ledger.tries?.length ?? 0) <= count) expect(count, 2 * wait);
    });
  }

  function later(wait, look) {
    clearTimeout(timer);
    timer = setTimeout(look, Math.min(wait, LAST_LOOK_MS));
  }

  async function replay(delivery) {
    await api.post(`${path}/${delivery.n}/replay`);
    expect();
  }

  return ledger;
}
