"""What ffmpeg itself may open: files, in the formats of `common.containers`."""

PROTOCOLS = "file,pipe"
SUBTITLE_FORMATS = "srt,webvtt,ass"
