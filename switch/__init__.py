"""The running server: the only place where acd, sip and media meet."""
