/** Time limits of the current leases, loaded when the holder of a lock changes. */
import { onMounted, shallowRef, watch } from "../../lib/html.js";
import { api } from "../../lib/api.js";
import { coalesced } from "../../lib/coalesced.js";
import { system } from "../../lib/system.js";

const WAIT_MS = 1_000;

/** @returns {import("vue").Ref<Record<string, object>>} `LeaseLevel`s by `<lock> <task_id>` */
export function useLimits() {
  const ages = shallowRef({});
  const look = coalesced(() => api.get("/v1/monitoring/timeouts").then(keep, () => undefined), WAIT_MS);

  function keep({ leases }) {
    ages.value = Object.fromEntries(leases.map((lease) => [`${lease.lock} ${lease.task_id}`, lease]));
  }

  onMounted(look);
  watch(() => (system.snapshot?.locks ?? []).map(({ holder }) => holder?.fence).join(), look);
  return ages;
}
