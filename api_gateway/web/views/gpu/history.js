/** History of ended leases. It is loaded when a holder, a waiter or a task changes; there is no polling. */
import { onMounted, onUnmounted, shallowRef, watch } from "../../lib/html.js";
import { api } from "../../lib/api.js";
import { coalesced } from "../../lib/coalesced.js";
import { gatewayTime, onTask, system } from "../../lib/system.js";

const ALL = 1_000; // leases that the gateway keeps per lock
const LATEST = 100;
const WAIT_MS = 1_000;
const STATS_WAIT_MS = 3_000;
const KEPT_MS = 2 * 3_600_000;

/**
 * Load recently ended leases while the component is mounted.
 * @returns {{leases, stats, error}} refs: `PastLease`s, oldest first; `LockStats` by lock; the error of the last load
 */
export function useHistory() {
  const leases = shallowRef([]);
  const stats = shallowRef({});
  const error = shallowRef(null);
  const known = new Map();

  async function load(limit) {
    const { leases: found } = await api.get("/v1/monitoring/locks/history", { limit });
    const gap = limit < ALL && found.length === limit && !found.some((lease) => known.has(keyOf(lease)));
    return gap ? load(ALL) : add(found);
  }

  function add(found) {
    for (const lease of found) known.set(keyOf(lease), lease);
    const oldest = gatewayTime() - KEPT_MS;
    for (const [key, lease] of known) if (Date.parse(lease.ended_at) < oldest) known.delete(key);
    leases.value = [...known.values()].sort((one, other) => Date.parse(one.ended_at) - Date.parse(other.ended_at));
  }

  async function loadStats() {
    const { locks } = await api.get("/v1/monitoring/stats");
    stats.value = Object.fromEntries(locks.map((lock) => [lock.lock, lock]));
  }

  const told = (loading) => loading.then(() => (error.value = null), (failure) => (error.value = failure));
  const soon = coalesced(() => told(load(known.size > 0 ? LATEST : ALL)), WAIT_MS);
  const statsSoon = coalesced(() => told(loadStats()), STATS_WAIT_MS);
  const look = () => (soon(), statsSoon());

  onMounted(look);
  onUnmounted(onTask(look));
  watch(() => parties(system.snapshot?.locks), look);
  return { leases, stats, error };
}

function keyOf({ lock, task_id, ended_at }) {
  return `${lock} ${task_id} ${ended_at}`;
}

/** Return the holders and waiters as one string, which changes whenever one of them does. */
function parties(locks = []) {
  return locks.map(({ id, holder, waiters }) => [id, holder?.fence, ...waiters.map((one) => one.task_id)].join(" ")).join("\n");
}
