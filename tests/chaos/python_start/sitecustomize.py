"""Python imports this by its name when a program of the box starts, since the box puts its folder on the path."""

import set_clock  # type: ignore[import-not-found] # PYTHONPATH has this folder
import slow_imports  # type: ignore[import-not-found]

set_clock.install()
slow_imports.install()
