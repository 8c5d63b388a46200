"""Run ffmpeg: which program, within which limits, and what its failures mean."""
