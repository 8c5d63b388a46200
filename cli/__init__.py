"""The `baton` command: an HTTP client like any other, and the local supervisor behind `make up`."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The repository: Baton runs from here, whatever the current folder is."""
