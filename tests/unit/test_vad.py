"""Speech is found as the library finds it, at any length."""

import numpy as np
import pytest
from faster_whisper.utils import get_assets_path
from faster_whisper.vad import SileroVADModel

from common.media import vad
from tests.support.sounds import RATE_HZ, silence, speech


@pytest.mark.engine
@pytest.mark.parametrize("seconds", [0.032, 0.1, 31.9, 106, *(32.0 + windows * 0.032 for windows in range(18))])
def test_piece_by_piece_the_probabilities_are_those_of_the_library(seconds: float) -> None:
    theirs = SileroVADModel(f"{get_assets_path()}/silero_vad_v6.onnx")
    long = speech("speech/en-long.flac")[: round(seconds * RATE_HZ)]
    padded = np.pad(long, (0, vad.WINDOW - len(long) % vad.WINDOW))
    assert np.array_equal(vad.PiecewiseVad(theirs.session)(padded.copy()), theirs(padded.copy()))


@pytest.mark.engine
def test_speech_is_found_where_it_is() -> None:
    clip = speech("speech/en-00.flac")
    ((begin, end),) = vad.find_speech(np.concatenate([silence(40), clip, silence(40)]))
    assert 39 * RATE_HZ < begin < 41 * RATE_HZ
    assert end == pytest.approx(40 * RATE_HZ + len(clip), abs=RATE_HZ)
