"""G.722 at 64 kbit/s (ITU-T G.722 (09/2012), mode 1), bit-exact."""

CODEC: object
"""For ext.codecs.Coder and the engine."""
