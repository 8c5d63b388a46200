"""Formats that ffmpeg itself may open: files, in the formats of `common.media.demux`."""

PROTOCOLS = "file,pipe"
SUBTITLE_FORMATS = "srt,webvtt,ass"
