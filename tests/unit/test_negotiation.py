"""The media type that a client likes best, as RFC 9110 has it."""

import pytest

from api_gateway.http.negotiation import NotAcceptable, preferred_type
from common.captions import MEDIA_TYPES

SERVED = list(MEDIA_TYPES.values())
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "best"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        (BROWSER, "application/json"),
        ("text/vtt", "text/vtt"),
        ("TEXT/VTT ; charset=utf-8", "text/vtt"),
        ("text/*", "text/vtt"),
        ("text/plain, text/vtt;q=0.5", "text/plain"),
        ("text/plain;q=0.2, application/x-subrip;q=0.7", "application/x-subrip"),
        ("application/json;q=0, */*;q=0.1", "application/x-subrip"),
        ("text/vtt;q=much, text/plain", "text/plain"),
        (",, text/plain ,", "text/plain"),
    ],
)
def test_the_best_liked_type_is_served(accept: str, best: str) -> None:
    assert preferred_type(accept, SERVED) == best


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "text/vtt;q=0, image/*"])
def test_a_client_that_takes_none_is_told_which_there_are(accept: str) -> None:
    with pytest.raises(NotAcceptable) as told:
        preferred_type(accept, SERVED)
    assert told.value.detail == {"served": SERVED}
