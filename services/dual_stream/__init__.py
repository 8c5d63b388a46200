"""Speech to text in two streams: immediate drafts by SenseVoice, replaced by Whisper's finals."""
