"""Who spoke when, by pyannote.audio."""
