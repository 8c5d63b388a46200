/** Advice for each reason of the verdict, by its code. */
const ADVICE = {
  no_leader: "Start a gateway, or restart one that lost Redis. Without a leader nothing is monitored: time limits are not enforced, and lost tasks are not retried.",
  config_ignored: "Correct the settings below, or reset them to the values in the file.",
  storage_full: "Delete tasks that are no longer needed, or clean up share/models. No task starts until then, and none is lost.",
  no_worker: "Start a worker of this service. The tasks wait, and none of them is lost.",
  worker_gone: "If it was stopped on purpose, do nothing: it is removed from the list after an hour, and its tasks run elsewhere. If not, check the end of its log.",
  delivery_not_claimed: "Do nothing yet: the process is replaced, and its task runs elsewhere. If this happens repeatedly, check the worker's log.",
  task_stalled: "Its process is alive but makes no progress. At stall_timeout it is stopped and retried; cancel it to stop it now.",
  task_dead: "Its process sends no heartbeat. The task is retried automatically from its checkpoint.",
  lease_too_old: "Check what holds the card in the GPU view. At the hard limit its process is killed.",
};

export function adviceOn(code) {
  return ADVICE[code] ?? "";
}
