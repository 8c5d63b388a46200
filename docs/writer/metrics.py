"""The page of metrics, from the registry of `GET /metrics`."""

from collections.abc import Iterator
from typing import Any, cast

from prometheus_client import Counter, Gauge

from api_gateway.metrics import QUANTILES, Metrics
from docs.writer.markdown import code, join_blocks, table

INTRO = """`GET /metrics` returns Prometheus's text format. It requires an API key if any is set. Most metrics
describe the whole system: the gateway reads them from Redis at each scrape, so every gateway returns the same
values. A metric whose meaning says "this process" describes that gateway only. `config/grafana/` contains a
Grafana dashboard."""


def page() -> str:
    """Return the page."""
    return join_blocks(["# Metrics", INTRO, table(("metric", "type", "labels", "meaning"), rows()), quantiles()])


def rows() -> Iterator[tuple[str, str, str, str]]:
    nothing = cast("Any", None)  # used only by a scrape
    for metric in vars(Metrics(nothing, nothing, nothing, nothing)).values():
        if isinstance(metric, Gauge | Counter):
            family = next(iter(metric.collect()))
            name = f"{family.name}_total" if isinstance(metric, Counter) else family.name
            labels = ", ".join(code(label) for label in metric._labelnames)  # noqa: SLF001 - there is no public way
            yield code(name), family.type, labels, family.documentation


def quantiles() -> str:
    values = ", ".join(code(value) for value in QUANTILES.values())
    return f"`quantile` is one of {values}; `1` is the maximum."
