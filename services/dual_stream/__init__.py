"""Speech to text in two streams: drafts at once by SenseVoice, finals right after by Whisper."""
