"""Synthetic days: callers, agents and phones made of a seed, played against a real router in virtual time."""
