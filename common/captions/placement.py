r"""Cue placement: convert between WebVTT cue settings and ASS number-pad alignment (`{\an8}`)."""

import re

LINE = re.compile(r"(?:^|\s)line:(-?\d+(?:\.\d+)?)(%?)")
ALIGN = re.compile(r"(?:^|\s)align:(start|left|center|middle|end|right)")

COLUMN = {"start": 1, "left": 1, "end": 3, "right": 3}
MIDDLE_FROM, MIDDLE_TO = 33.0, 66.0
"""Percent of the picture height."""
HEIGHTS = {0: "", 1: "line:50%", 2: "line:0"}
SIDES = {1: "position:0% align:left", 2: "", 3: "position:100% align:right"}


def alignment_of(settings: str) -> int:
    """Return the number-pad key nearest to the WebVTT settings."""
    side = ALIGN.search(settings)
    return 3 * height_of(settings) + (COLUMN.get(side.group(1), 2) if side else 2)


def height_of(settings: str) -> int:
    """Return 0 for bottom, 1 for middle, 2 for top. A line without % counts from the top, a negative one from the
    bottom.
    """
    found = LINE.search(settings)
    if not found:
        return 0
    value = float(found.group(1))
    if not found.group(2):
        return 2 if 0 <= value < 5 else 0  # noqa: PLR2004 - of the about 15 lines of a picture
    return 2 if value < MIDDLE_FROM else 1 if value < MIDDLE_TO else 0


def settings_of(alignment: int) -> str:
    row, column = divmod(alignment - 1, 3)
    return " ".join(filter(None, (HEIGHTS[row], SIDES[column + 1])))
