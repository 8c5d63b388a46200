"""Save keyframes of a video as pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.ffmpeg.contracts import ExtractKeyframesInput
from services.ffmpeg.engine import Ffmpeg
from services.ffmpeg.execution.media_limits import Clip, OnSeconds

MILLISECONDS = 1_000
CODECS: dict[str, dict[str, Any]] = {"jpg": {"c:v": "mjpeg", "q:v": 2, "pix_fmt": "yuvj420p"}, "png": {"c:v": "png"}}


@dataclass(frozen=True, slots=True)
class Picture:
    file: Path
    time: float


def extract(
    ffmpeg: Ffmpeg, source: Path, folder: Path, params: ExtractKeyframesInput, *, clip: Clip, on_progress: OnSeconds
) -> list[Picture]:
    """Write the chosen pictures into `folder`, each named by its time in ms, and return them in order.

    Every decoded picture also goes to a second, discarded output: ffmpeg reports the time of its output, and a film
    with few scenes would seem to stand still.
    """
    fast = {"skip_frame": "nokey"} if params.mode == "keyframe" else {}
    both = ffmpeg.video(source, **fast, **clip.options)["V:0"].filter_multi_output("split")
    chosen = scale_pictures(both[0].filter("select", selection_expression(params)), params.max_width)
    options = {
        **CODECS[params.format],
        "f": "image2",
        "fps_mode": "passthrough",
        "enc_time_base": f"1:{MILLISECONDS}",
        "frame_pts": 1,
    }
    pictures = ffmpeg.output(chosen, f"%012d.{params.format}", options)
    ffmpeg.run(ffmpeg.merge_outputs(pictures, ffmpeg.discard(both[1])), folder, on_progress)
    files = sorted(folder.glob(f"*.{params.format}"))
    return [Picture(file, round(clip.start + int(file.stem) / MILLISECONDS, 3)) for file in files]


def selection_expression(params: ExtractKeyframesInput) -> str:
    """Return the expression that selects the pictures; the first one is always selected."""
    steps = f"gt(floor(t/{params.interval}),floor(prev_selected_t/{params.interval}))"
    rules = {"scene": f"gt(scene,{params.threshold})", "keyframe": "1", "interval": steps}
    return f"isnan(prev_selected_t)+{rules[params.mode]}"


def scale_pictures(pictures: Any, max_width: int | None) -> Any:
    """Return square pixels, at most `max_width` of them per row."""
    width = f"min({max_width},trunc(iw*sar))" if max_width else "trunc(iw*sar)"
    wide = pictures.filter("scale", w=width, h="max(1,round(ow/dar))")
    return wide.filter("setsar", 1).filter("settb", f"1/{MILLISECONDS}")


def evenly_spaced(pictures: Sequence[Picture], count: int) -> list[Picture]:
    """Return at most `count` of them, evenly spaced, including the first and the last."""
    if len(pictures) <= count:
        return list(pictures)
    step = (len(pictures) - 1) / max(count - 1, 1)
    return [pictures[round(index * step)] for index in range(count)]
