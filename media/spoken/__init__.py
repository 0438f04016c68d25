"""Numbers, times, positions and waits as sequences of prompts, in each language by its grammar."""
