# ruff: noqa: RUF001 - full-width marks are meant
"""Where lines and cues break."""

from typing import Any

import pytest

from common.transcript.format import Segment, Transcript, Word
from services.subtitle.layout.atoms import atoms
from services.subtitle.layout.break_costs import SENTENCE, break_costs
from services.subtitle.layout.cues import CueLayouter
from services.subtitle.layout.limits import Limits
from services.subtitle.layout.pieces import pieces
from services.subtitle.layout.widths import width


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
