"""The choice of an audio track by number, by language, and by the container's default flag."""

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

from common.errors import NoAudioTrack
from common.media.audio import open_audio
from common.media.languages import LANGUAGE_CODES, primary_language
from common.media.track_choice import choose_track
from services.faster_whisper.languages import LanguageCode
from tests.support.two_tracks import write_two_tracks


@dataclass(frozen=True)
class Tags:
    language: str | None = None
    default: bool = False


COMMENTED = [Tags("ger"), Tags("eng"), Tags("eng", default=True), Tags(None)]


@pytest.mark.parametrize(
    ("wanted", "language", "index", "reason"),
    [
        (1, None, 1, "requested"),
        (0, "en", 0, "requested"),
        (None, "en", 2, "language"),
        (None, "en-US", 2, "language"),
        (None, "de", 0, "language"),
        (None, "deu", 0, "language"),
        (None, "fr", 2, "default"),
        (None, None, 2, "default"),
    ],
)
def test_a_number_comes_before_the_language_and_that_before_the_flag(
    wanted: int | None, language: str | None, index: int, reason: str
) -> None:
    chosen = choose_track(COMMENTED, wanted, language)
    assert (chosen.index, chosen.reason) == (index, reason)


def test_without_flags_and_tags_it_is_the_first() -> None:
    chosen = choose_track([Tags("und"), Tags()], None, "en")
    assert chosen.model_dump() == {"index": 0, "language": None, "reason": "first"}


@pytest.mark.parametrize(("tracks", "wanted"), [([], None), ([], 0), ([Tags()], 1)])
def test_a_track_that_is_not_there_is_refused(tracks: list[Tags], wanted: int | None) -> None:
    with pytest.raises(NoAudioTrack) as raised:
        choose_track(tracks, wanted, "en")
    assert raised.value.detail == {"track": wanted or 0, "audio_tracks": len(tracks)}


VARIANTS: dict[str | None, str | None] = {
    "chi": "zh",
    "zho": "zh",
    "cmn": "zh",
    "zh-Hans-CN": "zh",
    "yue": "yue",
    "jw": "jv",
    "pt_BR": "pt",
    "fre": "fr",
    "fra": "fr",
    "ENG": "en",
    "nob": "no",
    "und": None,
    "": None,
    None: None,
}


@pytest.mark.parametrize(("tag", "language"), VARIANTS.items())
def test_the_variants_of_a_code_are_one_language(tag: str | None, language: str | None) -> None:
    assert primary_language(tag) == language


def test_every_language_of_whisper_is_known_by_its_code_in_containers() -> None:
    three_letters = {"haw", "yue"}
    known = {primary_language(code) for code in get_args(LanguageCode)} - three_letters
    assert known <= set(LANGUAGE_CODES)


def test_the_open_container_tells_languages_and_flags(tmp_path: Path) -> None:
    write_two_tracks(tmp_path / "two.mkv")
    for language, expected in ((None, (1, "eng", "default")), ("zh", (0, "chi", "language"))):
        with open_audio(tmp_path / "two.mkv", language=language) as sound:
            assert (sound.chosen.index, sound.chosen.language, sound.chosen.reason) == expected
            assert sound.stream.language == expected[1]
