"""The protocol: bytes in, events out. Imports ext, optionally."""
