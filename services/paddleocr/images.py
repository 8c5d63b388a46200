"""Read images from files: their size is checked before they are decoded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.errors import TooManyPixels
from services.paddleocr.errors import NoImages, NotAnImage, TooManyImages

if TYPE_CHECKING:
    from services.paddleocr.engine import Picture

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif"})
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")


def images_in(folder: Path, most: int) -> list[Path]:
    """Return the images of a folder, by name.

    Raises:
        NoImages, TooManyImages: there are none, or more than `most`.
    """
    if not folder.is_dir():
        raise NoImages(f"There is no folder {folder.name} under share.")
    found = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())
    if not found:
        raise NoImages(folder=folder.name)
    if len(found) > most:
        raise TooManyImages(setting="paddleocr.max_images", limit=most, images=len(found))
    return found


def pages(file: Path, max_pixels: int) -> Iterator[Picture]:
    """Yield an image as BGR, upright; a TIFF may have several pages, of an animation only the first picture is used.

    Raises:
        NotAnImage: it cannot be read.
        TooManyPixels: it is larger than `max_pixels`; it is not decoded.
    """
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # the limit is ours
    try:
        with Image.open(file, formats=FORMATS) as image:
            for number in range(getattr(image, "n_frames", 1) if image.format == "TIFF" else 1):
                image.seek(number)
                width, height = image.size
                if width * height > max_pixels:
                    raise TooManyPixels(
                        setting="paddleocr.max_image_pixels", limit=max_pixels, pixels=width * height, image=file.name
                    )
                upright = ImageOps.exif_transpose(image).convert("RGB")
                yield np.ascontiguousarray(np.asarray(upright)[:, :, ::-1])
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # what Pillow raises for truncated files
        raise NotAnImage(
            f"{file.name} is not a readable image. PNG, JPEG, WebP, TIFF, BMP and GIF are supported."
        ) from error
