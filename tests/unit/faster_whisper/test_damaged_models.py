"""A model whose files are damaged is told as that, with what to do."""

import shutil
from pathlib import Path

import pytest

from common.models.errors import ModelDamaged
from services.faster_whisper import engine
from tests.support.service_bench import ServiceBench
from tests.support.sounds import FIXTURES

FILES = ("config.json", "model.bin", "tokenizer.json", "vocabulary.json", "preprocessor_config.json")
DAMAGE = {"empty": b"", "torn": None, "junk": b"\x00\xff junk" * 20, "an empty list": b"[]", "an empty object": b"{}"}


@pytest.fixture
def folder(bench: ServiceBench) -> Path:
    """Return the tiny model's own copy, under share/models."""
    return Path(shutil.copytree(FIXTURES / "models/whisper", bench.share / "models/mine"))


@pytest.mark.parametrize("content", DAMAGE.values(), ids=list(DAMAGE))
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_told_by_the_load(folder: Path, name: str, content: bytes | None) -> None:
    file = folder / name
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2] if content is None else content)
    with pytest.raises(ModelDamaged) as raised:
        engine.load(folder, device="cpu", compute_type="int8")
    assert raised.value.detail["folder"] == "mine"
    assert "Delete the folder" in raised.value.message


def test_a_tokenizer_of_something_else_is_told_by_the_load(folder: Path) -> None:
    (folder / "tokenizer.json").write_text('{"version": "1.0", "model": {"type": "none such"}}')
    with pytest.raises(ModelDamaged) as raised:
        engine.load(folder, device="cpu", compute_type="int8")
    assert raised.value.detail["reason"]


def test_a_task_with_a_damaged_model_fails_and_the_mended_one_works(bench: ServiceBench, folder: Path) -> None:
    tokenizer = (folder / "tokenizer.json").read_bytes()
    (folder / "tokenizer.json").write_bytes(tokenizer[:1_000])
    shutil.copy(FIXTURES / "speech/en-00.flac", bench.share / "clip.flac")
    failed = bench.run(audio_path="clip.flac", model="models/mine")
    assert failed.error
    assert (failed.error.code, failed.error.retryable) == ("model_damaged", False)
    (folder / "tokenizer.json").write_bytes(tokenizer)
    assert bench.output(audio_path="clip.flac", model="models/mine")["segments"] == 1
