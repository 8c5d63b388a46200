"""Speech to text with SenseVoice: fast drafts on the CPU, with language, emotion and event."""
