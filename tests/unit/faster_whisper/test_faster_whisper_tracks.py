"""Which audio track is transcribed, and what the result says about it."""

from tests.support.service_bench import ServiceBench
from tests.support.two_tracks import RIGHT, transcribe_tracks


def test_the_track_is_the_requested_one_or_that_of_the_language_or_the_default(bench: ServiceBench) -> None:
    assert transcribe_tracks(bench) == RIGHT
