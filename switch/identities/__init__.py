"""Who calls whom, in the carriers' words: numbers, callers, privacy, redirections, signed identities."""
