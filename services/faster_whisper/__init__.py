"""Speech to text by Whisper: streams, resumes, and never hangs."""
