"""Batch audiobook, voice-line and speech-dataset generator over Rime."""
