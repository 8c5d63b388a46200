"""Areas of a video's picture, in fractions of its width and height."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.paddleocr.errors import AreaTooSmall

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in fractions of the picture."""
LEAST_HEIGHT = 12
LEAST_WIDTH = 32
"""Pixels."""


class Area(BaseModel):
    """A part of the picture, from its upper left corner, in fractions of the picture's width and height."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    x: Share = 0.0
    y: Share
    width: Annotated[float, Field(gt=0, le=1)] = 1.0
    height: Annotated[float, Field(gt=0, le=1)]

    @model_validator(mode="after")
    def inside(self) -> Self:
        if self.x + self.width > 1.0001 or self.y + self.height > 1.0001:  # noqa: PLR2004 - thirds do not add up
            raise ValueError("the area exceeds the picture: x + width and y + height must not be over 1")
        return self

    @property
    def box(self) -> Box:
        return self.x, self.y, self.x + self.width, self.y + self.height

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Return left, top, right, bottom in pixels.

        Raises:
            AreaTooSmall: no text fits.
        """
        left, top = round(self.x * width), round(self.y * height)
        right, bottom = (
            min(round((self.x + self.width) * width), width),
            min(round((self.y + self.height) * height), height),
        )
        if right - left < LEAST_WIDTH or bottom - top < LEAST_HEIGHT:
            raise AreaTooSmall(pixels=[max(right - left, 0), max(bottom - top, 0)])
        return left, top, right, bottom


class FoundArea(Area):
    """An area in which subtitles were found."""

    confidence: Share
    centred: Annotated[bool, Field(description="the lines are centered, so text elsewhere is not a subtitle")] = False
    ignored: Annotated[
        list[Box], Field(description="logos and other text that never changes: left, top, right, bottom, in fractions")
    ] = []

    @classmethod
    def of_box(cls, box: Box) -> Self:
        """Return the area of a box, clipped to the picture."""
        left, top, right, bottom = (round(min(max(edge, 0.0), 1.0), 4) for edge in box)
        return cls(x=left, y=top, width=round(right - left, 4), height=round(bottom - top, 4), confidence=1)


def overlap(first: Box, second: Box) -> float:
    """Return the intersection of two boxes as a fraction of the smaller one."""
    across = min(first[2], second[2]) - max(first[0], second[0])
    down = min(first[3], second[3]) - max(first[1], second[1])
    least = min(size(first), size(second))
    return across * down / least if across > 0 and down > 0 and least > 0 else 0.0


def same_row(first: Box, second: Box) -> bool:
    """Whether two boxes overlap in most of their height."""
    down = min(first[3], second[3]) - max(first[1], second[1])
    return down > 0.5 * min(first[3] - first[1], second[3] - second[1])


def size(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def bounding_box(boxes: list[Box]) -> Box:
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)
