"""Subtitles out of transcripts: readable cues, files, conversion, and who spoke."""
