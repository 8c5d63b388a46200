"""Position of a decoder in a medium: it moves at each step inside a window too, and never back."""

from __future__ import annotations

from threading import Lock

STEP_SHARE = 1 / 3
"""Part of what is left of a window by which a step inside it moves the position: how long each takes is unknown."""


class WindowProgress:
    """May be used from several threads."""

    def __init__(self, start: float) -> None:
        self.at = start
        """Second of the medium; inside a window, an estimate."""
        self.window = (start, start)
        self.moving = Lock()

    def advance(self, at: float) -> None:
        """Everything until second `at` is decoded."""
        with self.moving:
            self.at = max(self.at, at)

    def step(self, start: float, end: float) -> None:
        """Move to the beginning of a window, or at each further step in it nearer to its end."""
        with self.moving:
            if (start, end) == self.window:
                self.at += max(end - self.at, 0.0) * STEP_SHARE
            self.at = max(self.at, start)
            self.window = (start, end)
