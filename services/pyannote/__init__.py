"""Speaker diarization with pyannote.audio."""
