"""The audio: RTP, mixing, recording, prompts. Imports ext, required."""
