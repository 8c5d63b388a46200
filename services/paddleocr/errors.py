"""Errors of the paddleocr service, in addition to the common ones."""

from common.errors import BatonError


class AreaTooSmall(BatonError):
    """The area is smaller than any readable text. Send a larger one, or omit it to have it detected."""

    code = "area_too_small"
    status = 422


class NotAnImage(BatonError):
    """The file is not a readable image. PNG, JPEG, WebP, TIFF, BMP and GIF are supported."""

    code = "not_an_image"
    status = 422


class NoImages(BatonError):
    """The folder contains no images. Put PNG, JPEG, WebP, TIFF, BMP or GIF files there."""

    code = "no_images"
    status = 422


class TooManyImages(BatonError):
    """There are more images than allowed in one task. Split them, or raise `paddleocr.max_images`."""

    code = "too_many_images"
    status = 422


class LanguageUnknown(BatonError):
    """The embedded models do not support this language. Set `paddleocr.engine` to paddleocr, which supports many."""

    code = "language_unknown"
    status = 422


class EngineMissing(BatonError):
    """The selected OCR library is not installed on this worker. Install it (requirements/paddleocr.txt), or set
    `paddleocr.engine` to embedded.
    """

    code = "engine_missing"


class ModelMissing(BatonError):
    """The OCR model is not on this machine, and downloads are off. Put its folder under share/models/paddleocr, or set
    `paddleocr.offline` to false.
    """

    code = "model_missing"
    status = 422


class ModelNotLoaded(BatonError):
    """The OCR model could not be loaded or downloaded. Check the network and the model's name, or put the model's
    folder under share/models/paddleocr.
    """

    code = "model_not_loaded"
    status = 502
    retryable = True
