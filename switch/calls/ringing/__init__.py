"""Calling somebody: who, by which way, one after another or all at once; what the caller hears meanwhile."""
