"""Opus for speech (RFC 6716) by libopus; only where libopus was there to build with."""

CODEC: object
"""For ext.codecs.Coder and the engine."""
