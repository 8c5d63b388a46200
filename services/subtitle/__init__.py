"""Subtitles from transcripts: readable cues, files, conversion, speakers."""
