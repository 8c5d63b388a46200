"""Correction and translation of subtitles, summaries and chat, through any OpenAI-compatible endpoint."""
