"""Subtitles corrected and translated, summaries and chat, by any OpenAI-compatible endpoint."""
