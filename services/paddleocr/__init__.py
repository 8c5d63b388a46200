"""Text recognition: burned-in subtitles of a video, and images."""
