"""Subtitle layout: where text is cut into cues and lines, and when each cue is shown."""
