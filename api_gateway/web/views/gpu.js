/** GPU view: the holder, the queue and the loaded models of each device. */
import { computed, html, ref } from "../lib/html.js";
import { system } from "../lib/system.js";
import { EmptyState } from "../components/empty-state.js";
import { ErrorNotice } from "../components/error-notice.js";
import { SegmentedChoice } from "../components/segmented-choice.js";
import { Device } from "./gpu/device.js";
import { useHistory } from "./gpu/history.js";
import { useLimits } from "./gpu/limits.js";

const MINUTE_MS = 60_000;
const RANGES = [[5 * MINUTE_MS, "5 min"], [30 * MINUTE_MS, "30 min"], [120 * MINUTE_MS, "2 h"]];
const CPU = "cpu";
const NONE = [];

/** Return every device that has a lock or models, GPUs first: [{id, host, device, lock, memory}]. */
function placesOf({ locks, devices }) {
  const found = new Map();
  for (const { host, device } of [...locks, ...devices]) {
    const same = (one) => one.host === host && one.device === device;
    const place = { id: `${host}:${device}`, host, device };
    found.set(place.id, { ...place, lock: locks.find(same) ?? null, memory: devices.find(same) ?? null });
  }
  return [...found.values()].sort((one, other) => (one.device === CPU) - (other.device === CPU) || one.id.localeCompare(other.id));
}

const NoCard = () => html`
  <div class="card">
    <${EmptyState} icon="gpu" title="No GPU is in use here">
      <p>
        Either no worker has a GPU, or no task has asked for one yet. Everything works without a GPU: models then run
        on the CPU, and no task has to wait for a card.
      </p>
      <p>
        With an NVIDIA card, <code>gpu.device: auto</code> in <code>config/baton.yaml</code> detects it. To try
        sharing without a card, set <code>gpu.device: simulated</code> and restart the workers.
      </p>
    <//>
  </div>`;

export default {
  setup() {
    const rangeMs = ref(RANGES[0][0]);
    const places = computed(() => system.snapshot && placesOf(system.snapshot));
    const { leases, stats, error } = useHistory();
    const ages = useLimits();
    const byLock = computed(() => Map.groupBy(leases.value, (lease) => lease.lock));

    const device = (place) => html`
      <${Device} key=${place.id} place=${place} rangeMs=${rangeMs.value} stats=${stats.value[place.id]} leases=${byLock.value.get(place.id) ?? NONE}
        age=${ages.value[`${place.id} ${place.lock?.holder?.task_id}`]} />`;

    return () => {
      const known = places.value;
      const cards = known?.some((place) => place.device !== CPU);
      return html`
        <div class="head">
          <h1>GPU</h1>
          ${cards && html`<${SegmentedChoice} label="Time range" choices=${RANGES} value=${rangeMs.value} onChoose=${(value) => (rangeMs.value = value)} />`}
          <p>One task at a time holds a card. The others wait in line, ordered by priority and then by arrival.</p>
        </div>
        <div class="stack gpu">
          <${ErrorNotice} error=${error.value} />
          ${!known && html`<p class="boot">Loading…</p>`}
          ${known && !cards && html`<${NoCard} />`}
          ${known?.map(device)}
        </div>`;
    };
  },
};
