"""Text out of pictures: hard subtitles of a video, and images."""
