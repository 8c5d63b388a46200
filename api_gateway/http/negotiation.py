"""Content negotiation by the `Accept` header (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence

from common.errors import BatonError

ANY = "*/*"


class NotAcceptable(BatonError):
    """None of the media types in `Accept` is available here. The detail lists those that are."""

    code = "not_acceptable"
    status = 406


def preferred_type(accept: str, served: Sequence[str]) -> str:
    """Return the available media type that the client prefers; the first one of equals.

    Raises:
        NotAcceptable: the client accepts none of them.
    """
    wanted = dict(map(parse_media_range, filter(str.strip, accept.split(",")))) or {ANY: 1.0}
    weights = {kind: weight_of(kind, wanted) for kind in served}
    best = max(served, key=lambda kind: weights[kind])
    if weights[best] <= 0:
        raise NotAcceptable(served=list(served))
    return best


def parse_media_range(item: str) -> tuple[str, float]:
    """Return a media range and its weight: 1 if none is given, 0 if it is malformed."""
    kind, *parameters = (part.strip().lower() for part in item.split(";"))
    quality = next((value[2:] for value in parameters if value.startswith("q=")), "1")
    try:
        return kind, float(quality)
    except ValueError:
        return kind, 0.0


def weight_of(kind: str, wanted: dict[str, float]) -> float:
    """Return the weight of the most specific range that matches the media type."""
    ranges = (kind, f"{kind.partition('/')[0]}/*", ANY)
    return next((wanted[name] for name in ranges if name in wanted), 0.0)
