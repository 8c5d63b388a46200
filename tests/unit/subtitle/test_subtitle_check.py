"""subtitle.check: each rule names the cue, its line and the limit."""

from json import loads
from typing import Any

import pytest

from common.transcript.format import Segment, Transcript
from services.subtitle.contracts import SHOWN_PROBLEMS, CheckInput, CheckOutput
from services.subtitle.layout.cues import CueLayouter
from services.subtitle.layout.limits import Limits
from services.subtitle.tasks import check_subtitles
from tests.support.folder_job import FolderJob

GOOD = "1\n00:00:01,000 --> 00:00:03,000\nGood morning.\n\n"


def check(job: FolderJob, content: str | Transcript, name: str = "film.srt", **given: Any) -> CheckOutput:
    return check_subtitles(CheckInput(subtitle_path=job.put(name, content), **given), job)


def second_cue(times: str, text: str) -> str:
    return f"{GOOD}2\n{times}\n{text}\n"


@pytest.mark.parametrize(
    ("times", "text", "expected"),
    [
        ("00:00:04,000 --> 00:00:05,000", "far too many letters in a second", ("too_fast", 32.0, 20.0)),
        ("00:00:04,000 --> 00:00:04,500", "No.", ("too_short", 0.5, 0.833)),
        ("00:00:04,000 --> 00:00:14,000", "No.", ("too_long", 10.0, 7.0)),
        ("00:00:04,000 --> 00:00:09,000", "this line is so long that no screen shows it", ("too_wide", 44.0, 42.0)),
        ("00:00:04,000 --> 00:00:06,000", "one\ntwo\nthree", ("too_many_lines", 3.0, 2.0)),
        ("00:00:04,000 --> 00:00:06,000", "This is the\nhouse.", ("bad_break", None, None)),
        ("00:00:04,000 --> 00:00:06,000", "We saw Mr.\nBrown.", ("bad_break", None, None)),
    ],
)
def test_a_rule_that_is_broken_is_named_with_its_line(
    job: FolderJob, times: str, text: str, expected: tuple[str, float | None, float | None]
) -> None:
    found = check(job, second_cue(times, text))
    assert (found.ok, found.cues, found.counts) == (False, 2, {expected[0]: 1})
    [problem] = found.problems
    assert (problem.cue, problem.line) == (2, 6)
    assert (problem.rule, problem.value, problem.limit) == expected


@pytest.mark.parametrize(
    ("start", "rule", "value"), [("00:00:03,040", "gap_too_short", 0.04), ("00:00:02,000", "overlap", -1.0)]
)
def test_a_gap_belongs_to_the_cue_before_it(job: FolderJob, start: str, rule: str, value: float) -> None:
    [problem] = check(job, second_cue(f"{start} --> 00:00:05,000", "Hello.")).problems
    assert (problem.rule, problem.cue, problem.line, problem.value) == (rule, 1, 2, value)


def test_a_good_file_has_no_problem(job: FolderJob) -> None:
    found = check(job, GOOD)
    assert (found.ok, found.counts, found.problems) == (True, {}, [])


def test_what_was_repaired_is_a_problem_too(job: FolderJob) -> None:
    found = check(job, "1\n00:00:03,000 --> 00:00:01,000\nBackwards.\n")
    assert not found.ok
    assert "line 2" in found.warnings[0]


def test_limits_depend_on_the_language_and_the_preset(job: FolderJob) -> None:
    text = "1\n00:00:01,000 --> 00:00:05,000\nこれはとても長い日本語の字幕です\n"
    assert check(job, text).counts == {"too_wide": 1}
    assert check(job, text, limits={"preset": "netflix", "max_line_width": 40}).ok


def test_all_problems_are_in_the_report(job: FolderJob) -> None:
    cues = "".join(f"{n}\n00:00:{n % 60:02d},000 --> 00:00:{n % 60:02d},100\nx\n\n" for n in range(300))
    found = check(job, cues, limits={"min_gap": 0})
    written = loads(job.path(found.report_path).read_text())
    assert len(found.problems) == SHOWN_PROBLEMS < len(written) == sum(found.counts.values())


@pytest.mark.parametrize("preset", ["netflix", "bbc", "ebu"])
def test_what_we_lay_out_passes_our_own_check(job: FolderJob, preset: Any) -> None:
    """Slow speech, so that the reading speed can be met."""
    text = (
        "Yesterday the old captain of the ship told us, over a cup of tea, that Mr. Brown had sold it for 300 dollars. "
    )
    said = [Segment(id=n, start=12 * n, end=12 * n + 11, text=text.strip()) for n in range(5)]
    cues = CueLayouter.of(Transcript(segments=said, language="en"), Limits(preset=preset)).to_cues(
        Transcript(segments=said, language="en")
    )
    assert check(job, cues, "t.json", limits={"preset": preset}, language="en").counts == {}
