"""Lock statistics from the locks' history: the same whichever gateway is asked."""

from collections import Counter
from collections.abc import Sequence
from math import ceil

from pydantic import BaseModel

from common.gpu.leases import HistoryEntry
from common.state.record import US


class Quantiles(BaseModel):
    """Seconds; null where nothing was measured."""

    p50: float | None
    p90: float | None
    p99: float | None
    max: float | None

    @classmethod
    def of(cls, durations_us: Sequence[int]) -> "Quantiles":
        ordered = sorted(durations_us)
        p50, p90, p99, most = (quantile(ordered, share) for share in (0.5, 0.9, 0.99, 1.0))
        return cls(p50=p50, p90=p90, p99=p99, max=most)


def quantile(ordered: Sequence[int], share: float) -> float | None:
    """Return the quantile by the nearest-rank method, in seconds."""
    return round(ordered[max(0, ceil(share * len(ordered)) - 1)] / US, 3) if ordered else None


class LockStats(BaseModel):
    """Of the latest leases and of waiters that gave up, up to 1,000 per lock."""

    lock: str
    acquired: int
    gave_up: int
    success_rate: float | None
    wait: Quantiles
    hold: Quantiles
    ended_by: dict[str, int]

    @classmethod
    def of(cls, lock: str, history: Sequence[HistoryEntry]) -> "LockStats":
        held = [ended for ended in history if ended.held_us is not None]
        return cls(
            lock=lock,
            acquired=len(held),
            gave_up=len(history) - len(held),
            success_rate=round(len(held) / len(history), 4) if history else None,
            wait=Quantiles.of([ended.waited_us for ended in held]),
            hold=Quantiles.of([ended.held_us for ended in held if ended.held_us is not None]),
            ended_by=Counter(ended.reason.partition(":")[0] for ended in history),
        )
