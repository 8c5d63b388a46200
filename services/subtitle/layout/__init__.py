"""Subtitle layout: splitting text into cues and lines, and the timing of cues."""
