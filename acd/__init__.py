"""Who gets which call: pure decisions. Imports ext, optionally."""
