"""Which folders are a SenseVoice model, and what is said of those that are not."""

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from common.models.errors import ModelDamaged
from services.sensevoice import engine
from services.sensevoice.models import REPOSITORY
from tests.support.model_hub import ModelHub
from tests.support.service_bench import ServiceBench
from tests.support.sounds import speech

TEXT = "the red village is near the village"
Place = Callable[[str], str]


def text(folder: Path) -> str:
    model = engine.load(folder, threads=1)
    return engine.transcribe(model, speech("speech/en-00.flac"), language=None, itn=False).text


def replace(file: Path, old: bytes, new: bytes) -> None:
    """Change a file in place. Of one length: an ONNX file counts its bytes."""
    content = file.read_bytes()
    assert len(old) == len(new)
    assert old in content
    file.write_bytes(content.replace(old, new))


def without_normalisation(folder: Path) -> None:
    replace(folder / "model.onnx", b"inv_stddev", b"xnv_stddev")


def tokens_of(folder: Path) -> list[str]:
    return [line.rpartition(" ")[0] for line in (folder / "tokens.txt").read_text().splitlines()]


def test_normalisation_comes_from_am_mvn_where_the_weights_do_not_carry_it(folder: Path) -> None:
    without_normalisation(folder)
    assert text(folder) == TEXT


def test_an_export_of_funasr_is_a_model_too(folder: Path) -> None:
    without_normalisation(folder)
    (folder / "model.onnx").rename(folder / "model_quant.onnx")
    (folder / "tokens.json").write_text(json.dumps(tokens_of(folder)))
    (folder / "tokens.txt").unlink()
    assert text(folder) == TEXT


def test_quantised_weights_go_before_the_others(folder: Path) -> None:
    (folder / "model.onnx").rename(folder / "model.int8.onnx")
    (folder / "model.onnx").write_text("not looked at")
    assert text(folder) == TEXT


def test_the_order_of_lines_in_the_tokens_does_not_matter(folder: Path) -> None:
    lines = (folder / "tokens.txt").read_text().splitlines()
    (folder / "tokens.txt").write_text("\n".join(reversed(lines)))
    assert text(folder) == TEXT


def test_a_token_may_be_what_else_ends_a_line(folder: Path) -> None:
    content = (folder / "tokens.txt").read_text()
    assert "\nz 190" in content
    (folder / "tokens.txt").write_text(content.replace("\nz 190", "\n\u2028 190"))
    assert text(folder) == TEXT


def no_weights(folder: Path) -> None:
    (folder / "model.onnx").unlink()


def empty_weights(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"")


def cut_weights(folder: Path) -> None:
    content = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(content[: len(content) // 2])


def weights_that_are_a_pointer(folder: Path) -> None:
    (folder / "model.onnx").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")


def weights_of_another_model(folder: Path) -> None:
    other = files("faster_whisper") / "assets" / "silero_vad_v6.onnx"
    (folder / "model.onnx").write_bytes(other.read_bytes())


def metadata_of_another_model(folder: Path) -> None:
    replace(folder / "model.onnx", b"sense_voice_ctc", b"paraformer_ctc_")


def metadata_without_numbers(folder: Path) -> None:
    replace(folder / "model.onnx", b"lang_auto\x12\x010", b"lang_auto\x12\x01x")


def normalisation_without_numbers(folder: Path) -> None:
    replace(folder / "model.onnx", b"-6.950111,", b"-6.95_x11,")


def no_normalisation(folder: Path) -> None:
    without_normalisation(folder)
    (folder / "am.mvn").unlink()


def normalisation_of_another_model(folder: Path) -> None:
    without_normalisation(folder)
    (folder / "am.mvn").write_text("<LearnRateCoef> 0 [ 1.0 2.0 ]\n<LearnRateCoef> 0 [ 1.0 2.0 ]\n")


def half_a_normalisation(folder: Path) -> None:
    without_normalisation(folder)
    (folder / "am.mvn").write_text("<LearnRateCoef> 0 [ 1.0 2.0 ]\n")


def no_tokens(folder: Path) -> None:
    (folder / "tokens.txt").unlink()


def tokens_of_another_model(folder: Path) -> None:
    with (folder / "tokens.txt").open("a") as file:
        file.write("more 191\n")


def tokens_with_a_gap(folder: Path) -> None:
    (folder / "tokens.txt").write_text("a 0\nb 2\n")


def tokens_without_numbers(folder: Path) -> None:
    (folder / "tokens.txt").write_text("a\nb\n")


def tokens_that_are_no_text(folder: Path) -> None:
    (folder / "tokens.txt").write_bytes(b"\xff\xfe 0\n")


DAMAGES = [
    no_weights,
    empty_weights,
    cut_weights,
    weights_that_are_a_pointer,
    weights_of_another_model,
    metadata_of_another_model,
    metadata_without_numbers,
    normalisation_without_numbers,
    no_normalisation,
    normalisation_of_another_model,
    half_a_normalisation,
    no_tokens,
    tokens_of_another_model,
    tokens_with_a_gap,
    tokens_without_numbers,
    tokens_that_are_no_text,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_another_file_than_a_model_is_told_as_that(folder: Path, damage: Callable[[Path], None]) -> None:
    assert text(folder) == TEXT
    damage(folder)
    with pytest.raises(ModelDamaged) as told:
        text(folder)
    assert told.value.detail


def test_a_folder_under_share_is_a_model_and_a_damaged_one_ends_the_task_alone(
    bench: ServiceBench, place: Place, folder: Path
) -> None:
    clip = place("speech/en-00.flac")
    target = bench.share / "models/mine"
    folder.rename(target)
    assert bench.output(audio_path=clip, model="models/mine")["source"] == "sensevoice"
    bench.set()
    weights_of_another_model(target)
    assert bench.error(audio_path=clip, model="models/mine") == "model_damaged"
    assert bench.output(audio_path=clip)["segments"] == 1


def test_the_tiny_test_model_never_stands_in_for_a_missing_one(bench: ServiceBench, place: Place) -> None:
    bench.set(models={"offline": True})
    assert bench.error(audio_path=place("speech/en-00.flac"), model=None) == "model_missing"


@pytest.mark.parametrize(
    ("name", "weights"), [("SenseVoiceSmall", "model.int8.onnx"), ("SenseVoiceSmall-float32", "model.onnx")]
)
def test_a_missing_model_is_downloaded_without_what_is_not_needed(
    bench: ServiceBench, place: Place, folder: Path, name: str, weights: str
) -> None:
    if weights != "model.onnx":
        (folder / weights).write_bytes((folder / "model.onnx").read_bytes())
    with ModelHub({REPOSITORY: folder}) as hub:
        bench.set(models={"hub_endpoint": hub.url})
        output = bench.output(audio_path=place("speech/en-00.flac"), model=name)
    assert (output["model"], output["source"]) == (name, "sensevoice")
    brought = (bench.share / "models/sensevoice" / name).iterdir()
    assert sorted(file.name for file in brought) == sorted([weights, "tokens.txt"])
