"""Messages and what stands in them: bytes to values and back."""
