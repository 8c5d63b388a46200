# ruff: noqa: RUF001 - full-width marks are meant
"""subtitle.segment: whatever is said, the cues hold all of it, in order, and keep to the limits."""

from collections.abc import Callable
from itertools import combinations, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.transcript.format import Segment, Transcript, Word
from services.subtitle.contracts import SegmentInput
from services.subtitle.layout.atoms import atoms
from services.subtitle.layout.break_costs import SENTENCE, break_costs
from services.subtitle.layout.cues import CueLayouter, in_order
from services.subtitle.layout.limits import Limits
from services.subtitle.layout.pieces import has_true_words, pieces
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


@PROPERTY
@given(transcripts(), LIMITS)
def test_no_character_is_lost_added_or_moved(transcript: Transcript, limits: Limits) -> None:
    assert letters(CueLayouter(limits).to_cues(transcript)) == letters(transcript)


@PROPERTY
@given(transcripts(), LIMITS)
def test_cues_are_in_order_and_never_overlap(transcript: Transcript, limits: Limits) -> None:
    cues = CueLayouter(limits).to_cues(transcript).segments
    spoken_at_once = any(other.start - one.end < -0.5 for one, other in combinations(in_order(transcript), 2))
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


def cues_of(text: str, *, end: float = 20.0, language: str | None = None, **limits: Any) -> list[str]:
    said = Transcript(segments=[Segment(id=0, start=0, end=end, text=text)])
    return [cue.text for cue in CueLayouter(Limits(**limits), language=language).to_cues(said).segments]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "It was late. We went home before the rain came down.",
            ["It was late.\nWe went home before the rain came down."],
        ),
        ("The man who lived in the house, his wife and a dog", ["The man who lived in the house,\nhis wife and a dog"]),
        (
            "今天天气很好，我们一起去公园散步吧，大家都很高兴。",
            ["今天天气很好，我们一起去公园散步吧，\n大家都很高兴。"],
        ),
        ("short", ["short"]),
        ("  spaces   stay   inside  ", ["spaces   stay   inside"]),
    ],
)
def test_lines_break_where_it_reads_best(text: str, expected: list[str]) -> None:
    assert cues_of(text, end=6.0) == expected


@pytest.mark.parametrize(
    ("text", "language", "unbroken"),
    [
        ("My neighbour and old friend Mr. Brown came to see us yesterday.", None, "Mr. Brown"),
        ("He lives around the corner at house No. 14 of the street.", None, "No. 14"),
        ("We spent the whole of the summer in St. Petersburg with them.", None, "St. Petersburg"),
        ("The author of the famous novels J. K. Rowling lives near here.", "en", "J. K. Rowling"),
        ("He told us that he had bought seven of them, i.e. all of them.", "en", "i.e. all"),
        ("Gestern Abend besuchte uns unser alter Freund Dr. Müller wieder.", "de", "Dr. Müller"),
        ("Wir fahren in diesem Jahr wohl schon am 3. Mai in den Urlaub.", "de", "3. Mai"),
        ("Hier soir notre voisin et bon ami M. Dupont est venu chez nous.", "fr", "M. Dupont"),
        ("When they were young the family of Abraham Lincoln lived here.", "en", "Abraham Lincoln"),
        ("It was a very long way home and we walked 25 kilometers that day.", "en", "25 kilometers"),
    ],
)
def test_what_belongs_together_stays_on_one_line(text: str, language: str | None, unbroken: str) -> None:
    for limit in range(max(len(unbroken) + 4, 20), 43):
        lines = [
            line for cue in cues_of(text, end=14.0, language=language, max_line_width=limit) for line in cue.split("\n")
        ]
        assert any(unbroken in line for line in lines), (limit, lines)


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("Is it your turn now? No. I don't think that it is today.", "No."),
        ("She works for them in the U.S. She likes it very much.", "U.S."),
        ("They sell apples, pears, plums, etc. We like all of it.", "etc."),
    ],
)
def test_a_sentence_may_end_with_what_looks_like_an_abbreviation(text: str, broken: str) -> None:
    assert break_costs(atom_texts(text), "en")[atom_texts(text).index(f" {broken}") + 1] == SENTENCE


def atom_texts(text: str) -> list[str]:
    return [atom.text for atom in atoms(pieces(Segment(id=0, start=0, end=1, text=text), 42), 42)]


@pytest.mark.parametrize("word", ["the", "of", "and", "Mr.", "she"])
def test_no_line_ends_with_a_word_that_belongs_to_the_next_one(word: str) -> None:
    text = f"It was much later when {word} people from outside went away again. " * 4
    for limit in range(24, 43):
        for cue in cues_of(text, end=60.0, language="en", max_line_width=limit):
            assert not [line for line in cue.split("\n")[:-1] if line.endswith(f" {word}")], (limit, cue)


def test_a_quotation_stays_together_where_it_fits() -> None:
    text = "Then he turned to her and said “come home with me” and so she did at last."
    lines = [line for cue in cues_of(text, end=10.0) for line in cue.split("\n")]
    assert any("“come home with me”" in line for line in lines)


@pytest.mark.parametrize("dash", ["-", "–", "—", "‐"])
def test_each_speaker_of_a_dialogue_has_a_line(dash: str) -> None:
    text = f"{dash} Are you coming?\n{dash} No, I'm not."
    assert cues_of(text, end=4.0) == [text]
    (cue,) = CueLayouter().wrap(Transcript(segments=[Segment(id=0, start=0, end=4, text=text)])).segments
    assert cue.text == text


def test_a_long_dialogue_is_cut_between_its_speakers() -> None:
    text = "- Are you coming with us to the party tonight, or not?\n- No, I am not going to any party of theirs."
    assert [cue.replace("\n", " ") for cue in cues_of(text, end=8.0)] == text.split("\n")


def test_two_short_cues_with_dashes_become_a_dialogue() -> None:
    said = [Segment(id=0, start=0, end=0.5, text="- Coming?"), Segment(id=1, start=0.6, end=1.1, text="- No.")]
    assert [cue.text for cue in CueLayouter().to_cues(Transcript(segments=said)).segments] == ["- Coming?\n- No."]


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("我们明天下午一起去图书馆看书然后去公园散步", "zh", ["图书馆", "公园", "散步", "明天"]),
        ("麦卡锡先生在洛杉矶出生后来去了北京大学学习", None, ["麦卡锡", "洛杉矶", "北京大学"]),
        ("我們明天下午一起去圖書館看書然後去公園散步", "zh", ["圖書館", "公園"]),
        ("今日は図書館で本を読んでいましたコンピューターを使いました", "ja", ["図書館で", "本を", "コンピューターを"]),
        ("ภาษาไทยเป็นภาษาที่สวยงามมากและฉันไปโรงเรียนทุกวัน", "th", ["โรงเรียน", "สวยงาม"]),
        ("ភាសាខ្មែរជាភាសារបស់ប្រទេសកម្ពុជាហើយមានប្រជាជន", "km", ["កម្ពុជា", "ប្រទេស"]),
        ("ພາສາລາວເປັນພາສາທີ່ສວຍງາມແລະຂ້ອຍໄປໂຮງຮຽນ", "lo", ["ສວຍງາມ"]),
        ("မြန်မာဘာသာစကားသည်လှပသောဘာသာစကားဖြစ်သည်", "my", ["ဖြစ်သည်"]),
    ],
)
@pytest.mark.parametrize("timed", [True, False])
def test_languages_without_spaces_break_between_words(text: str, language: str, words: list[str], timed: bool) -> None:
    letters = [Word(start=at / 4, end=(at + 1) / 4, text=letter) for at, letter in enumerate(text)]
    said = Segment(id=0, start=0, end=len(text) / 4, text=text, words=letters if timed else [])
    for limit in range(16, 40, 4):
        cues = CueLayouter(Limits(max_line_width=limit), language=language).to_cues(Transcript(segments=[said]))
        lines = [line for cue in cues.segments for line in cue.text.split("\n")]
        assert "".join(lines) == text
        assert max(map(width, lines)) <= limit
        assert all(any(word in line for line in lines) for word in words), (limit, lines)


def test_a_word_that_is_wider_than_a_line_is_cut() -> None:
    assert cues_of("计算机科学", end=3.0, language="zh", max_line_width=8) == ["计算机科\n学"]


def at_once(*said: tuple[float, float, str], **limits: Any) -> list[tuple[float, float, str]]:
    segments = [Segment(id=number, start=start, end=end, text=text) for number, (start, end, text) in enumerate(said)]
    cues = CueLayouter(Limits(**limits)).to_cues(Transcript(segments=segments)).segments
    return [(cue.start, cue.end, cue.text) for cue in cues]


def test_an_interjection_is_a_line_of_the_cue_that_it_interrupts() -> None:
    shown = at_once((1, 5, "first speaker talks"), (2, 3, "- interjection"), (4.9, 8, "third"))
    assert shown == [(1, 4.82, "- first speaker talks\n- interjection"), (4.9, 8, "third")]


def test_long_texts_at_once_are_two_cues_at_once() -> None:
    long = "what the first speaker says takes more than a line of forty-two columns"
    assert at_once((1, 6, long), (2, 4, "second"))[0][:2] == (1, 6)
    assert at_once((1, 6, long), (2, 4, "second"))[1] == (2, 4, "second")


def test_a_cue_ends_a_little_early_for_the_next_one() -> None:
    assert at_once((1, 5, "first"), (4.6, 8, "second")) == [(1, 4.52, "first"), (4.6, 8, "second")]


def test_overlapping_cues_of_one_speaker_follow_each_other() -> None:
    said = [Segment(id=n, start=n, end=n + 4, text=f"number {n}", speaker="A") for n in range(2)]
    cues = CueLayouter().to_cues(Transcript(segments=said)).segments
    assert [(cue.start, cue.end) for cue in cues] == [(0, 0.92), (1, 5)]


def test_words_of_a_dialogue_keep_their_speakers() -> None:
    first = make_segment(["hello", "there"], [1.0, 1.0], start=0.0, identity=0, timed=True, space=" ")
    second = make_segment(["yes"], [1.0], start=0.5, identity=1, timed=True, space=" ")
    said = [first.model_copy(update={"speaker": "A"}), second.model_copy(update={"speaker": "B"})]
    (cue,) = CueLayouter().to_cues(Transcript(segments=said)).segments
    assert (cue.text, cue.speaker) == ("- hello there\n- yes", None)
    assert has_true_words(cue)
    assert [word.speaker for word in cue.words] == ["A", "A", "B"]


def test_short_gaps_are_closed() -> None:
    said = ((0.0, 2.0, "one"), (2.4, 4.0, "two"), (6.0, 8.0, "three"))
    assert [cue[:2] for cue in at_once(*said, close_gaps=0.5)] == [(0, 2.32), (2.4, 4), (6, 8)]


@pytest.mark.parametrize("fps", [23.976, 25.0, 29.97, 60.0])
def test_times_are_those_of_frames(fps: float) -> None:
    said = [(n * 2.345, n * 2.345 + 2.1, f"cue {n}") for n in range(20)]
    shown = at_once(*said, fps=fps)
    for start, end, _ in shown:
        assert abs(start * fps - round(start * fps)) < 0.04
        assert abs(end * fps - round(end * fps)) < 0.04
    assert all(round((after[0] - cue[1]) * fps) >= round(0.08 * fps) for cue, after in pairwise(shown))


@pytest.mark.parametrize(
    ("preset", "language", "columns", "speed"),
    [
        ("netflix", "en", 42, 20),
        ("netflix", "de", 42, 17),
        ("netflix", "zh-Hans", 32, 18),
        ("netflix", "ja", 26, 8),
        ("netflix", None, 42, 20),
        ("bbc", "en", 37, 17),
        ("ebu", "fr", 37, 15),
    ],
)
def test_presets_depend_on_the_language(preset: Any, language: str | None, columns: int, speed: float) -> None:
    limits = Limits(preset=preset).for_language(language, "hello")
    assert (limits.max_line_width, limits.max_speed) == (columns, speed)
    assert Limits(preset=preset, max_line_width=30).for_language(language, "").max_line_width == 30


@pytest.mark.parametrize(
    ("text", "columns"),
    [("今日は学校へ行きます", 26), ("今天天气很好", 32), ("안녕하세요 여러분", 32), ("สวัสดีครับ", 35)],
)
def test_the_script_shows_an_unknown_language(text: str, columns: int) -> None:
    assert Limits(preset="netflix").for_language(None, text).max_line_width == columns


def test_limits_that_contradict_a_preset_are_refused() -> None:
    with pytest.raises(ValueError, match="min_duration must not be over max_duration"):
        Limits(preset="ebu", min_duration=6.5)


def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one() -> None:
    text = "他说：「今天真的很热！」然后我们看了《红楼梦》（第一回），价格是￥100，涨了50％……真的？" * 3
    for cue in cues_of(text, end=60.0, max_line_width=12):
        for line in cue.split("\n"):
            assert line[0] not in "，。！？：」》）％…"
            assert line[-1] not in "「《（￥"


def test_a_latin_word_in_chinese_stays_whole() -> None:
    lines = [line for cue in cues_of("我们用OpenAI和PyTorch做模型" * 4, max_line_width=10) for line in cue.split("\n")]
    assert sum("OpenAI" in line for line in lines) == 4
    assert sum("PyTorch" in line for line in lines) == 4


def test_korean_breaks_only_at_spaces() -> None:
    lines = [
        line for cue in cues_of("안녕하세요 여러분 반갑습니다 오늘은", max_line_width=12) for line in cue.split("\n")
    ]
    assert " ".join(lines) == "안녕하세요 여러분 반갑습니다 오늘은"


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
