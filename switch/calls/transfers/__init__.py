"""Callers who change hands: sent on, picked up, parked, brought together."""
