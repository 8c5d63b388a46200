"""Styles of ASS and SSA. The names are those of the ffmpeg service's subtitle style."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$", description="#RRGGBB")]
VerticalPosition = Literal["bottom", "middle", "top"]

ALIGNMENTS: dict[VerticalPosition, int] = {"bottom": 2, "middle": 5, "top": 8}
WIDTH, HEIGHT = 512, 288
"""The picture size that sizes and margins refer to; players scale them."""


class AssStyle(BaseModel):
    """The style of ASS subtitles. Sizes and margins refer to a picture 288 lines high."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    font: Annotated[str, Field(pattern=r"^[^,=:;'\\\x00-\x1f]{1,100}$", description="its family name")] = "Arial"
    font_size: Annotated[float, Field(ge=4, le=100)] = 16.0
    second_size: Annotated[float, Field(ge=20, le=200, description="size of the second language, in percent")] = 75.0
    bold: bool = False
    italic: bool = False
    colour: Colour = "#FFFFFF"
    outline_colour: Colour = "#000000"
    outline: Annotated[float, Field(ge=0, le=20, description="width")] = 1.0
    shadow: Annotated[float, Field(ge=0, le=20, description="depth")] = 0.5
    position: VerticalPosition = "bottom"
    margin: Annotated[int, Field(ge=0, le=280, description="from the edge")] = 12


def channels(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue of #RRGGBB."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
