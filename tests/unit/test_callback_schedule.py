"""When a callback is tried again."""

from base64 import b64encode
from datetime import timedelta
from email.utils import format_datetime
from itertools import accumulate, takewhile

import pytest
from standardwebhooks.webhooks import Webhook

from api_gateway.callbacks.schedule import JITTER, LONGEST_RETRY_AFTER, NOT_CONNECTED, next_pause
from api_gateway.callbacks.sender import request_target, signer
from common.clock import utcnow
from common.errors import NotStartable
from common.net.retry_after import parse_retry_after
from common.settings import CallbackSettings

NOW = timedelta(0)
DESIGNED = [0.25, 0.5, 1, 2, 5, 30, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600]


def pauses(status: int | None) -> list[timedelta]:
    """Return the pauses of a callback that gets this answer for ever; a try takes no time."""
    age, kept = NOW, []
    for tries in range(1, 100):
        pause = next_pause(status, tries, age)
        if pause is None:
            break
        kept.append(pause)
        age += pause
    return kept


@pytest.mark.parametrize("status", [None, 408, 425, 429, 500, 503, 599])
def test_the_schedule_is_the_designed_one_within_its_jitter(status: int | None) -> None:
    shares = [pause.total_seconds() / planned for pause, planned in zip(pauses(status), DESIGNED, strict=True)]
    assert all(1 - JITTER <= share <= 1 for share in shares), shares


def test_the_pauses_differ_from_message_to_message() -> None:
    assert len({next_pause(500, 6, timedelta(seconds=9)) for _ in range(20)}) > 1


@pytest.mark.parametrize("status", [200, 202, 204, 299, 300, 301, 304, 307, 308, 400, 401, 403, 410, 422])
def test_these_answers_are_final(status: int) -> None:
    assert next_pause(status, 1, NOW) is None


def test_a_conflict_is_first_tried_again_within_250_ms() -> None:
    assert all((pause := next_pause(409, 1, NOW)) and pause <= timedelta(milliseconds=250) for _ in range(1_000))


def test_a_conflict_is_tried_again_in_the_first_minute_only() -> None:
    tried_again = pauses(409)
    assert len(tried_again) == len(list(takewhile(lambda planned: planned <= 30, DESIGNED)))
    assert sum(tried_again, NOW) < timedelta(minutes=1)
    assert next_pause(409, 1, timedelta(seconds=61)) is None


def test_a_not_found_is_tried_again_at_least_every_30_s_for_ten_minutes_and_no_longer() -> None:
    tried_again = pauses(404)
    assert max(tried_again) <= timedelta(seconds=30)
    assert timedelta(minutes=9, seconds=30) <= sum(tried_again, NOW) <= timedelta(minutes=10)
    assert next_pause(404, 1, timedelta(seconds=601)) is None


def test_a_refused_connection_is_tried_again_at_least_every_30_s_for_ten_minutes_then_by_the_schedule() -> None:
    tried_again = pauses(NOT_CONNECTED)
    ages = list(accumulate(tried_again))
    early = [pause for pause, age in zip(tried_again, ages, strict=True) if age <= timedelta(minutes=10)]
    assert max(early) <= timedelta(seconds=30)
    assert max(tried_again[len(early) + 1 :]) > timedelta(hours=4)
    assert timedelta(hours=13) < ages[-1] < timedelta(hours=27)


def test_an_error_after_many_refused_connections_is_still_tried_again() -> None:
    pause = next_pause(503, 25, timedelta(minutes=9))
    assert pause
    assert pause <= timedelta(minutes=30)


@pytest.mark.parametrize(("retry_after", "expected"), [(0, 0.25), (3, 3), (90_000, 36_000)])
def test_retry_after_moves_the_next_try_later_never_earlier_and_not_for_ever(retry_after: int, expected: float) -> None:
    pause = next_pause(429, 1, NOW, timedelta(seconds=retry_after))
    assert pause
    assert pause.total_seconds() == pytest.approx(expected, rel=JITTER)


@pytest.mark.parametrize(("value", "seconds"), [("0", 0), ("120", 120), (" 7 ", 7), ("999999999999", 36_000)])
def test_retry_after_is_read_as_seconds(value: str, seconds: int) -> None:
    assert parse_retry_after(value) == timedelta(seconds=seconds)


def test_retry_after_is_read_as_a_date() -> None:
    soon = parse_retry_after(format_datetime(utcnow() + timedelta(seconds=100), usegmt=True))
    assert soon
    assert timedelta(seconds=90) < soon <= timedelta(seconds=100)
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == NOW


@pytest.mark.parametrize("value", [None, "", "soon", "-5", "1.5", "9" * 10_000, "Wed, 99 Oct 2015 07:28:00 GMT"])
def test_an_unreadable_retry_after_counts_as_none(value: str | None) -> None:
    assert parse_retry_after(value) is None


def test_a_retry_after_is_never_longer_than_the_longest_pause() -> None:
    pause = next_pause(503, 1, NOW, parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT"))
    assert pause == LONGEST_RETRY_AFTER


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://n8n:5678/webhook-waiting/7", "/webhook-waiting/7"),
        ("http://n8n/w?signature=a%2Fb%3D&x=%7E|{}", "/w?signature=a%2Fb%3D&x=%7E|{}"),
        ("http://n8n", "/"),
        ("http://n8n?a=1", "/?a=1"),
        ("http://n8n/?", "/?"),
        ("http://n8n//a/../b/./%2e%2E/;p?q=http://x/?y#part", "//a/../b/./%2e%2E/;p?q=http://x/?y"),
        ("http://n8n/a b/é?q=ü", "/a%20b/%C3%A9?q=%C3%BC"),
    ],
)
def test_the_target_goes_out_byte_for_byte_but_for_what_a_request_line_cannot_hold(url: str, target: str) -> None:
    assert request_target(url).decode() == target


def test_without_a_secret_nothing_is_signed() -> None:
    assert signer(CallbackSettings()) is None
    assert isinstance(
        signer(CallbackSettings.model_validate({"secret": f"whsec_{b64encode(bytes(24)).decode()}"})), Webhook
    )


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_c2VjcmV0",
        f"whsec_{31 * 'a'}é",
        f"whsec_{33 * 'a'}",
        "a password that is long enough, but no base64",
    ],
)
def test_a_secret_that_is_none_stops_the_start(secret: str) -> None:
    with pytest.raises(NotStartable, match=r"callbacks\.secret"):
        signer(CallbackSettings.model_validate({"secret": secret}))
