"""The metrics of `GET /metrics`, from the registry."""

from collections.abc import Iterator
from typing import Any, cast

from prometheus_client import Counter, Gauge

from api_gateway.metrics import QUANTILES, Metrics
from docs.writer.markdown import code, join_blocks, table

INTRO = """`GET /metrics` is Prometheus's text format; it wants an API key where one is set. What is true of the whole
system is read from Redis at each scrape, so any gateway tells the same; only those that say "this process" do not. A
Grafana dashboard lies in `config/grafana/`."""


def page() -> str:
    """Return the page."""
    return join_blocks(["# Metrics", INTRO, table(("metric", "type", "labels", "meaning"), rows()), quantiles()])


def rows() -> Iterator[tuple[str, str, str, str]]:
    nothing = cast("Any", None)  # only asked when it is scraped
    for metric in vars(Metrics(nothing, nothing, nothing, nothing)).values():
        if isinstance(metric, Gauge | Counter):
            family = next(iter(metric.collect()))
            name = f"{family.name}_total" if isinstance(metric, Counter) else family.name
            labels = ", ".join(code(label) for label in metric._labelnames)  # noqa: SLF001 - there is no public way
            yield code(name), family.type, labels, family.documentation


def quantiles() -> str:
    values = ", ".join(code(value) for value in QUANTILES.values())
    return f"`quantile` is one of {values}; `1` is the longest."
