"""The media operations: each builds the ffmpeg command of one task."""
