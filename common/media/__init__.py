"""Decode audio and video with PyAV: demuxing, chunking, voice activity."""
