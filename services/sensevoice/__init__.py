"""Speech to text by SenseVoice: fast drafts on the CPU, with language, emotion and event."""
