"""Alignment of two transcripts of the same audio: one text out of two."""
