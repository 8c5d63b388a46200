"""Subtitle formats: detect, read and write."""
