"""Change detection: which pixels of a narrow band stand still and look like strokes, for each frame.

Burned-in text does not move while the background does, so strokes are strong edges that stay the same over several
frames. This is multi-frame integration (R. Wang, W. Jin, L. Wu: A Novel Video Caption Detection Approach Using
Multi-Frame Integration, ICPR 2004), with running ages instead of minima and maxima over a window: for each pixel, the
number of frames since it last changed. All steps are whole-array operations of OpenCV on bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from services.paddleocr.opencv import opencv

if TYPE_CHECKING:
    from services.paddleocr.video import Luma

SAME = 28
"""A pixel that differs by no more than this is unchanged: encoders produce such noise around strokes."""
CONTRAST = 70
"""Between the brightest and the darkest pixel of a 3 x 3 neighborhood: the edge of a stroke."""
STILL_S = 0.12
OLDEST = 255
STILL_FRAMES = (3, 8)
"""How long a pixel must stand still, minimum and maximum."""
YOUNG_S = 0.6
YOUNG_FRAMES = 4
"""Pixels that have stood still for longer are not new: they are next to an edge that came later. At low frame rates
they count as new for this many frames beyond the required ones.
"""
DENSE = 0.2
WINDOW = (33, 13)
"""Strokes of text are dense: this fraction of a window, in pixels across and down, about three letters."""


class ChangeDetector:
    """The ages of a band's pixels."""

    def __init__(self, first: Luma, fps: float) -> None:
        cv2 = opencv()
        least, most = STILL_FRAMES
        self.patience = min(max(round(fps * STILL_S), least), most)
        self.young = min(max(round(fps * YOUNG_S), self.patience + YOUNG_FRAMES), OLDEST - 1)
        self.reference = first.copy()
        self.ages = np.zeros_like(first)
        self.kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3))

    def see(self, picture: Luma) -> Luma:
        """Process the next frame; return 255 where a stroke has recently stopped changing, else 0."""
        cv2 = opencv()

        moved = cv2.compare(cv2.absdiff(picture, self.reference), SAME, cv2.CMP_GT)
        cv2.copyTo(picture, moved, self.reference)
        self.ages = cv2.bitwise_and(cv2.add(self.ages, 1), cv2.bitwise_not(moved))  # saturates at 255
        self.edges = cv2.compare(cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, self.kernel), CONTRAST, cv2.CMP_GT)
        found: Luma = cv2.bitwise_and(self.edges, cv2.inRange(self.ages, self.patience, self.young))
        return found

    def arriving_edges(self) -> Luma:
        """Return 255 where there is an edge that has not stood still long enough yet."""
        cv2 = opencv()
        found: Luma = cv2.bitwise_and(self.edges, cv2.compare(self.ages, self.patience, cv2.CMP_LT))
        return found


def keep_dense(strokes: Luma) -> Luma:
    """Keep only dense strokes."""
    cv2 = opencv()

    kept: Luma = cv2.bitwise_and(strokes, cv2.compare(cv2.blur(strokes, WINDOW), round(255 * DENSE), cv2.CMP_GE))
    return kept
