"""Alignment of two transcripts of the same audio into one text."""
