"""How a phone is told of a call: what it shows, how it rings, whether it answers by itself."""
