"""The named diarization pipelines."""

from common.models.spec import ModelFamily, ModelSpec

ENGINE = "pyannote"
REQUIRED = ("config.yaml", "segmentation/*", "embedding/*")

TEST_MODEL = "tiny-test"
"""Ships with Baton for its tests; knows a few synthetic voices."""

MODELS = ModelFamily(
    ENGINE,
    specs=(
        ModelSpec(ENGINE, TEST_MODEL, required=REQUIRED, shipped="pyannote"),
        ModelSpec(
            ENGINE,
            "community-1",
            "pyannote/speaker-diarization-community-1",
            wanted=("config.yaml", "segmentation/*", "embedding/*", "plda/*"),
            required=REQUIRED,
        ),
    ),
    defaults=("model",),
)
NAMES = tuple(MODELS.by_name)
