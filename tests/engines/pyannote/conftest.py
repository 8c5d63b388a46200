"""The plain library, which the tests compare with, would report to its makers what it does."""

import os

os.environ["PYANNOTE_METRICS_ENABLED"] = "0"  # noqa: TID251 - pyannote reads it when it is imported
