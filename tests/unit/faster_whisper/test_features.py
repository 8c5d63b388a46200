"""The features are the library's own, bit by bit, whatever the processor: otherwise the text might differ."""

import subprocess
import sys

import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from services.faster_whisper.features import extractor_class
from tests.support.compare_features import LONG, SECONDS, find_differences
from tests.support.processors import PROCESSORS
from tests.support.sounds import speech
from tests.support.stack import ROOT

OTHERS = sorted(PROCESSORS.keys() - {"this one"})
COMPARE = [sys.executable, "-m", "tests.support.compare_features"]


@pytest.mark.engine
@pytest.mark.parametrize("mels", [80, 128])
def test_the_features_are_those_of_the_library(mels: int) -> None:
    assert len(speech(LONG)) >= SECONDS[-1] * 16_000
    assert find_differences(mels) == []


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", OTHERS)
def test_on_other_processors_they_are_too(name: str, threads: int) -> None:
    """A library chooses its kernels when it is loaded, so each choice has a process of its own."""
    if lacking := PROCESSORS[name].find_missing():
        pytest.skip(lacking)
    environment = PROCESSORS[name].environment() | {"OPENBLAS_NUM_THREADS": str(threads)}
    ran = subprocess.run(COMPARE, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert ran.returncode == 0, ran.stderr


def test_what_the_extractor_knows_of_its_last_call_is_what_the_library_knows() -> None:
    ours, theirs = extractor_class()(), FeatureExtractor()
    for extractor in (ours, theirs):
        extractor(speech(LONG)[:16_000], chunk_length=20)
    assert (ours.n_samples, ours.nb_max_frames) == (theirs.n_samples, theirs.nb_max_frames) == (320_000, 2_000)
