"""Find shot changes: pictures that differ much from the one before them."""

import re
from pathlib import Path

from services.ffmpeg.engine import Ffmpeg
from services.ffmpeg.execution.media_limits import OnSeconds

WIDTH = 320
"""Pixels of the pictures that are compared: a cut changes the whole picture, so more would only take longer."""
FOUND = "shots.txt"
TIME = re.compile(r"pts_time:\s*(-?[\d.]+)")


def detect(ffmpeg: Ffmpeg, source: Path, folder: Path, *, threshold: float, on_progress: OnSeconds) -> list[float]:
    """Return the times of the first picture of each shot but the first one, in seconds.

    The measure is the `scene` score of ffmpeg's select filter (https://ffmpeg.org/ffmpeg-filters.html#select): the
    smaller of the picture's difference from the one before, and of that difference's change. The first picture is
    selected too: ffmpeg fails without any. All pictures also go to a second, discarded output, because ffmpeg reports
    the time of its output.
    """
    pictures = ffmpeg.video(source)["V:0"].filter("scale", w=f"min({WIDTH},iw)", h=-2, flags="fast_bilinear")
    both = pictures.filter_multi_output("split")
    chosen = both[0].filter("select", f"isnan(prev_selected_t)+gt(scene,{threshold})")
    cuts = chosen.filter("metadata", mode="print", file=FOUND)
    ffmpeg.run(ffmpeg.merge_outputs(ffmpeg.discard(cuts), ffmpeg.discard(both[1])), folder, on_progress)
    written = folder / FOUND
    _first, *found = TIME.findall(written.read_text()) if written.exists() else [""]
    return [round(max(float(seconds), 0.0), 3) for seconds in found]
