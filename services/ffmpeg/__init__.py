"""Everyday video and audio work with ffmpeg."""
