"""The models of `make test-real` and `make bench-real`: found, never downloaded by a test."""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.stack import ROOT

MODELS = ("base", "tiny.en")
MODELS_VARIABLE, RECORDINGS_VARIABLE = "TEST_REAL_MODELS", "TEST_RECORDINGS"
DOWNLOADED = ROOT / "share/models/faster_whisper"
"""Where `baton models … --download` puts them."""
ADVICE = (
    f"Set {MODELS_VARIABLE} to a folder with base and tiny.en, or download them as a user does: "
    + ", ".join(f"`baton models faster_whisper/{name} --download`" for name in MODELS)
    + ". Or, without a running stack: "
    + ", ".join(f"`hf download Systran/faster-whisper-{name} --local-dir FOLDER/{name}`" for name in MODELS)
    + "."
)


class NotAvailable(Exception):
    """Why the real models or the recordings cannot be used; the message says what to do."""


def models_folder() -> Path:
    """Return the folder of the models.

    Raises:
        NotAvailable: there are none, and none were named.
        FileNotFoundError: the named folder does not contain them.
    """
    named = os.environ.get(MODELS_VARIABLE)  # noqa: TID251 - not a setting of Baton's
    folder = Path(named) if named else DOWNLOADED
    missing = [name for name in MODELS if not (folder / name / "model.bin").is_file()]
    if missing and named:
        raise FileNotFoundError(f"{MODELS_VARIABLE} does not contain {', '.join(missing)}. {ADVICE}")
    if missing:
        raise NotAvailable(f"There are no real models. {ADVICE}")
    return folder.resolve()


def recordings_folder() -> Path:
    """Return the folder of the real recordings.

    Raises:
        NotAvailable: none was named.
    """
    if named := os.environ.get(RECORDINGS_VARIABLE):  # noqa: TID251 - not a setting of Baton's
        return Path(named).resolve(strict=True)
    raise NotAvailable(f"There are no recordings. Set {RECORDINGS_VARIABLE} to a folder with jfk.flac and others.")


def voice_file() -> Path:
    """Return the model of a Piper voice.

    Raises:
        NotAvailable: the models do not contain one, or Piper is not installed.
    """
    found = sorted((models_folder() / "piper").glob("*.onnx"))
    if not found:
        raise NotAvailable(
            f"{MODELS_VARIABLE} contains no Piper voice: put NAME.onnx and NAME.onnx.json in its folder piper."
        )
    if not (ROOT / ".venv-piper/bin/python").exists():
        raise NotAvailable("Piper is not installed. Run the tests with `make test-real`, which installs it.")
    return found[0]
