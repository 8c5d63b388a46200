"""The everyday video and audio work, done by ffmpeg."""
