"""OpenCV, loaded once per process. Its type stubs know neither scalar operands nor byte pictures, so it is Any."""

from functools import cache
from typing import Any


@cache
def opencv() -> Any:
    import cv2

    return cv2
