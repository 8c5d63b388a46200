"""Two streams on real speech: drafts of a small Whisper, and drafts that are nonsense, which cost nothing.

The nonsense comes from the toy SenseVoice, which does not know these words, and from tiny.en on other languages.
"""

from __future__ import annotations

import pytest

from tests.support.real_runs import Listen, Listener
from tests.support.recordings import Recording
from tests.support.timing_errors import boundary_errors
from tests.support.word_errors import word_errors

TOLERANCE = {"facts": 0.025}
"""By how much the error rate may exceed plain Whisper's where the windows, which are cut elsewhere, cost words. In all
other recordings, by nothing.
"""
NO_DRAFTS = {"fallback": {"usable_draft": 1.0, "confident_draft": 1.0}}
RECORDINGS = ("jfk", "english", "french", "chinese", "facts")


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_text_is_not_worse_than_that_of_plain_whisper(
    dual: Listener, plain: Listen, recordings: dict[str, Recording], name: str
) -> None:
    recording = recordings[name]
    ours, theirs = dual(recording), plain(recording)
    wrong = [word_errors(recording.text, heard.text, recording.language) for heard in (ours, theirs)]
    assert wrong[0].rate <= wrong[1].rate + TOLERANCE.get(name, 0.0), (ours.text, theirs.text)
    assert ours.language == theirs.language


@pytest.mark.parametrize("name", ["jfk", "french"])
def test_drafts_that_are_nonsense_change_no_word(dual: Listener, recordings: dict[str, Recording], name: str) -> None:
    with_drafts = dual(recordings[name])
    dual.bench.set(dual_stream=NO_DRAFTS)
    without_drafts = dual(recordings[name], hotwords=None)
    dual.bench.set()
    assert with_drafts.output["drafts_kept"] == 0
    assert [(s.start, s.end, s.text) for s in with_drafts.segments] == [
        (s.start, s.end, s.text) for s in without_drafts.segments
    ]


def test_words_stay_at_their_times(dual: Listener, plain: Listen, recordings: dict[str, Recording]) -> None:
    recording = recordings["facts"]
    ours, theirs = (boundary_errors(recording.utterances, heard.words) for heard in (dual(recording), plain(recording)))
    assert max(ours[0]) < 1.0
    assert max(ours[0] + ours[1]) <= max(theirs[0] + theirs[1]) + 0.5


@pytest.mark.parametrize("name", RECORDINGS)
def test_drafts_of_a_small_whisper_do_not_make_the_text_worse(
    dual: Listener, plain: Listen, recordings: dict[str, Recording], name: str
) -> None:
    recording = recordings[name]
    ours, theirs = dual(recording, draft_model="tiny.en"), plain(recording)
    wrong = [word_errors(recording.text, heard.text, recording.language) for heard in (ours, theirs)]
    assert wrong[0].rate <= wrong[1].rate + TOLERANCE.get(name, 0.0), (ours.text, theirs.text)
    assert (ours.output["draft_engine"], ours.output["draft_model"]) == ("whisper", "tiny.en")


def test_drafts_of_a_small_whisper_leave_words_at_their_times(
    dual: Listener, plain: Listen, recordings: dict[str, Recording]
) -> None:
    recording = recordings["facts"]
    heard = dual(recording, draft_model="tiny.en"), plain(recording)
    ours, theirs = (boundary_errors(recording.utterances, one.words) for one in heard)
    assert max(ours[0]) < 1.0
    assert max(ours[0] + ours[1]) <= max(theirs[0] + theirs[1]) + 0.5
