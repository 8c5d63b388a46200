# ruff: noqa: RUF001 - full-width marks are meant
"""subtitle.segment: whatever is said, the cues hold all of it, in order, and keep to the limits."""

from collections.abc import Callable
from itertools import combinations, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.transcript.format import Segment, Transcript, Word
from services.subtitle.contracts import SegmentInput
from services.subtitle.layout.cues import CueLayouter, in_order
from services.subtitle.layout.limits import Limits
from services.subtitle.layout.pieces import has_true_words
from services.subtitle.layout.quality import too_fast, too_wide
from services.subtitle.layout.widths import width
from services.subtitle.tasks import segment
from tests.support.folder_job import FolderJob

Truth = Callable[[str], Transcript]

LATIN = ("the", "a", "market,", "doctor", "and", "Good.", "yes!", "don't", "extraordinarily", "“quoted”", "1,000", "x")
HAN = ("今", "天", "我们", "，", "。", "听", "音乐", "《", "》", "OpenAI", "100", "％", "！", "看书", "…", "「", "」")
ODD = ("שלום", "مرحبا،", "👨‍👩‍👧", "👍🏽", "안녕하세요", "é", "<b>", "-->", "", " ", "\n", "ก็", "\u200b", "A\nB")


def make_segment(
    texts: list[str], gaps: list[float], *, start: float, identity: int, timed: bool, space: str
) -> Segment:
    words, now = [], start
    for text, gap in zip(texts, gaps, strict=True):
        words.append(Word(start=now, end=now + 0.05 + gap / 2, text=space + text))
        now += 0.05 + gap
    text = "".join(word.text for word in words).strip()
    return Segment(id=identity, start=start, end=words[-1].end, text=text, words=words if timed else [])


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """Draw speech in Latin letters, Chinese, or anything, with and without words, some of it at the same time."""
    vocabulary, space = draw(st.sampled_from([(LATIN, " "), (HAN, ""), (LATIN + HAN + ODD, " "), (HAN + ODD, "")]))
    segments, now = [], draw(st.sampled_from([0.0, 3.5, 360_000.0]))
    for identity in range(draw(st.integers(0, 5))):
        texts = draw(st.lists(st.sampled_from(vocabulary), min_size=1, max_size=draw(st.sampled_from([2, 40]))))
        gaps = draw(st.lists(st.floats(0, 1.2), min_size=len(texts), max_size=len(texts)))
        timed = draw(st.booleans())
        said = make_segment(texts, gaps, start=now, identity=identity, timed=timed, space=space)
        segments.append(said.model_copy(update={"speaker": draw(st.sampled_from([None, "A", "B"]))}))
        now = max(now, said.end + draw(st.floats(-1.0, 2.0)))
    return Transcript(segments=segments)


LIMITS = st.builds(
    Limits,
    max_line_width=st.sampled_from([None, 8, 20, 60]),
    max_lines=st.integers(1, 3),
    max_duration=st.sampled_from([1.0, 3.0, 7.0]),
    min_gap=st.sampled_from([0.0, 0.08, 0.5]),
    merge_short=st.booleans(),
)
PROPERTY = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def letters(transcript: Transcript) -> str:
    """Return all that is said, by starts, without white space and the dashes of a dialogue."""
    ordered = sorted(transcript.segments, key=lambda segment: segment.start)
    rows = [row.removeprefix("- ") for segment in ordered for row in segment.text.split("\n")]
    return "".join("".join(row.split()) for row in rows)


def is_spoken_at_once(transcript: Transcript) -> bool:
    return any(other.start < one.end - 0.5 for one, other in combinations(in_order(transcript), 2))


@PROPERTY
@given(transcripts(), LIMITS)
def test_no_character_is_lost_added_or_moved(transcript: Transcript, limits: Limits) -> None:
    before, after = letters(transcript), letters(CueLayouter(limits).to_cues(transcript))
    assert sorted(after) == sorted(before)
    assert after == before or is_spoken_at_once(transcript), "speech at once may change its order"


@PROPERTY
@given(transcripts(), LIMITS)
def test_cues_are_in_order_and_never_overlap(transcript: Transcript, limits: Limits) -> None:
    cues = CueLayouter(limits).to_cues(transcript).segments
    spoken_at_once = is_spoken_at_once(transcript)
    for cue, following in pairwise(cues):
        assert cue.start <= following.start
        assert spoken_at_once or round(following.start - cue.end, 6) >= limits.min_gap
    assert all(0 < round(cue.duration, 6) <= limits.max_duration for cue in cues)


@PROPERTY
@given(transcripts(), LIMITS)
def test_a_cue_over_its_limits_holds_nothing_that_could_be_broken(transcript: Transcript, limits: Limits) -> None:
    typesetter = CueLayouter(limits)
    for cue in typesetter.to_cues(transcript).segments:
        page = typesetter.page(cue)
        unbreakable = [atom.text.strip() for atom in typesetter.row(cue, page).atoms]
        lines = cue.text.split("\n")
        assert all(line in unbreakable for line in lines if width(line) > page.width)
        assert len(lines) <= page.lines
        if cue.words and cue.words[-1].end - cue.words[0].start > limits.max_duration:
            assert len(unbreakable) == 1


@PROPERTY
@given(transcripts(), LIMITS)
def test_words_still_give_the_text_and_ids_stay_unique(transcript: Transcript, limits: Limits) -> None:
    cues = CueLayouter(limits).to_cues(transcript).segments
    assert all(has_true_words(cue) for cue in cues if cue.words)
    assert len({cue.id for cue in cues}) == len(cues)


@PROPERTY
@given(transcripts())
def test_reading_cues_again_keeps_their_text(transcript: Transcript) -> None:
    typesetter = CueLayouter(Limits(merge_short=False))
    once = typesetter.to_cues(transcript)
    assert sorted(letters(typesetter.to_cues(once))) == sorted(letters(once)), "speech at once may change its order"


@PROPERTY
@given(transcripts())
def test_wrapping_for_two_languages_neither_cuts_nor_joins(transcript: Transcript) -> None:
    said = [segment.id for segment in transcript.segments if segment.text.strip()]
    wrapped = CueLayouter().wrap(transcript)
    assert [segment.id for segment in wrapped.segments] == said
    assert letters(wrapped) == letters(transcript)


@pytest.mark.parametrize("name", ["speech/en-long.flac", "speech/zh-long.flac", "speech/dialogue.flac", "sample.mp4"])
def test_real_speech_keeps_every_limit(truth: Truth, run_on: Truth, name: str) -> None:
    for said in (truth(name), run_on(name)):
        cues = CueLayouter().to_cues(said)
        assert letters(cues) == letters(said)
        assert too_wide(cues, Limits()) == []
        assert too_fast(cues, Limits()) == []
        assert all(cue.duration >= 0.833 for cue in cues.segments)


@pytest.mark.parametrize("name", ["speech/en-long.flac", "speech/zh-long.flac"])
def test_a_run_on_segment_is_cut_where_the_speaker_paused(truth: Truth, run_on: Truth, name: str) -> None:
    starts = {round(segment.start, 3) for segment in CueLayouter().to_cues(run_on(name)).segments}
    assert {round(segment.start, 3) for segment in truth(name).segments} <= starts


def test_short_neighbours_of_one_speaker_become_one_cue() -> None:
    said = [
        Segment(id=4, start=0, end=0.4, text="Yes.", speaker="A"),
        Segment(id=5, start=0.5, end=2.0, text="I am here.", speaker="A"),
        Segment(id=6, start=2.1, end=2.4, text="No.", speaker="B"),
    ]
    cues = CueLayouter().to_cues(Transcript(segments=said)).segments
    assert [(cue.id, cue.text) for cue in cues] == [(4, "Yes. I am here."), (6, "No.")]


def test_joined_cues_keep_the_words_of_both() -> None:
    said = [
        make_segment(["你好"], [0.4], start=0.0, identity=0, timed=True, space=""),
        make_segment(["大", "家"], [0.4, 0.4], start=0.6, identity=1, timed=True, space=""),
    ]
    (cue,) = CueLayouter().to_cues(Transcript(segments=said)).segments
    assert cue.text == "你好 大家"
    assert [word.text for word in cue.words] == ["你好", " 大", "家"]


def test_a_cue_is_shown_longer_where_the_pause_lets_it_be_read() -> None:
    said = Transcript(segments=[Segment(id=0, start=0, end=0.5, text="a long sentence said in no time at all")])
    (cue,) = CueLayouter().to_cues(said).segments
    assert cue.end == pytest.approx(38 / 17, abs=0.001)


def test_what_an_edit_made_of_the_text_wins_over_the_words() -> None:
    words = [Word(start=0, end=1, text=" helo"), Word(start=1, end=2, text=" wrld")]
    edited = Segment(id=0, start=0, end=2, text="hello world", words=words, modified=True)
    (cue,) = CueLayouter().to_cues(Transcript(segments=[edited])).segments
    assert (cue.text, cue.words) == ("hello world", words)


def test_ids_of_cut_segments_follow_those_that_there_were() -> None:
    long = Segment(id=3, start=0, end=20, text="one sentence that is here. " * 8)
    cues = CueLayouter().to_cues(Transcript(segments=[long, Segment(id=9, start=21, end=23, text="the next one")]))
    ids = [cue.id for cue in cues.segments]
    assert ids == [3, *range(10, 8 + len(ids)), 9]


def test_the_task_tells_which_cues_to_look_at(job: FolderJob) -> None:
    said = [
        Segment(id=0, start=0, end=2, text="Donaudampfschifffahrtsgesellschaftskapitänswitwenrente"),
        Segment(id=1, start=2, end=3, text="far too much is said in this one second of speech"),
        Segment(id=2, start=3, end=6, text="the end"),
    ]
    made = segment(SegmentInput(transcript_path=job.put("t.json", Transcript(segments=said))), job)
    assert (made.cues, made.empty, made.too_wide, made.too_fast) == (3, False, [0], [0, 1])
    assert [segment.id for segment in job.transcript(made.transcript_path).segments] == [0, 1, 2]
    assert job.percents[-1] == 90.0


def test_twenty_minutes_in_one_segment_are_cut_in_a_moment() -> None:
    words = [Word(start=index * 0.4, end=index * 0.4 + 0.35, text=" word") for index in range(3_000)]
    text = "".join(word.text for word in words).strip()
    said = Transcript(segments=[Segment(id=0, start=0, end=1200, text=text, words=words)])
    cues = CueLayouter().to_cues(said)
    assert letters(cues) == letters(said)
    assert too_wide(cues, Limits()) == []
