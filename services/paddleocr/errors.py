"""What can go wrong in the paddleocr service, beyond the errors that all services share."""

from common.errors import BatonError


class AreaTooSmall(BatonError):
    """The area is smaller than any text that can be read. Give a larger one, or none to have it found."""

    code = "area_too_small"
    status = 422


class NotAnImage(BatonError):
    """The file is no image that can be read. PNG, JPEG, WebP, TIFF, BMP and GIF can be."""

    code = "not_an_image"
    status = 422


class NoImages(BatonError):
    """The folder holds no images. Put PNG, JPEG, WebP, TIFF, BMP or GIF files there."""

    code = "no_images"
    status = 422


class TooManyImages(BatonError):
    """There are more images than allowed in one task. Split them, or raise `paddleocr.max_images`."""

    code = "too_many_images"
    status = 422


class LanguageUnknown(BatonError):
    """The embedded models do not read this language. Set `paddleocr.engine` to paddleocr, whose models read many."""

    code = "language_unknown"
    status = 422


class EngineMissing(BatonError):
    """The chosen OCR library is not installed on this worker. Install it (requirements/paddleocr.txt), or set
    `paddleocr.engine` to embedded.
    """

    code = "engine_missing"


class ModelMissing(BatonError):
    """The OCR model is not here, and downloads are off. Put its folder under share/models/paddleocr, or set
    `paddleocr.offline` to false.
    """

    code = "model_missing"
    status = 422


class ModelNotLoaded(BatonError):
    """The OCR model could not be loaded or brought. Check the network and the model's name, or put the model's folder
    under share/models/paddleocr.
    """

    code = "model_not_loaded"
    status = 502
    retryable = True
