"""Speech to text with Whisper: streams, resumes, never hangs."""
