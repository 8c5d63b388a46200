"""The named models of the draft engines that no other service has."""

from common.models.spec import ModelFamily, ModelSpec

ENGINE = "dual_stream"
PARAKEET = "parakeet-tdt-0.6b-v3"
REQUIRED = ("encoder-model*.onnx", "decoder_joint-model*.onnx", "vocab.txt")

MODELS = ModelFamily(
    ENGINE,
    specs=(
        ModelSpec(
            ENGINE,
            PARAKEET,
            "istupakov/parakeet-tdt-0.6b-v3-onnx",
            wanted=("encoder-model.int8.onnx", "decoder_joint-model.int8.onnx", "vocab.txt", "config.json"),
            required=REQUIRED,
        ),
    ),
)
