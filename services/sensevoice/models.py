"""The named SenseVoice models."""

from common.models.spec import ModelFamily, ModelSpec

ENGINE = "sensevoice"
REQUIRED = ("*.onnx", "tokens.*")
REPOSITORY = "csukuangfj/sherpa-onnx-sense-voice-zh-en-ja-ko-yue-2024-07-17"
"""SenseVoiceSmall as exported by sherpa-onnx; FunAudioLLM's own repository has no ONNX."""

TEST_MODEL = "tiny-test"
"""Ships with Baton for its demo and its tests; knows a hundred words of synthetic speech."""

MODELS = ModelFamily(
    ENGINE,
    specs=(
        ModelSpec(ENGINE, TEST_MODEL, required=REQUIRED, shipped="sensevoice"),
        ModelSpec(ENGINE, "SenseVoiceSmall", REPOSITORY, wanted=("model.int8.onnx", "tokens.txt"), required=REQUIRED),
        ModelSpec(
            ENGINE, "SenseVoiceSmall-float32", REPOSITORY, wanted=("model.onnx", "tokens.txt"), required=REQUIRED
        ),
    ),
    defaults=("model",),
)
NAMES = tuple(MODELS.by_name)
