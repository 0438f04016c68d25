"""Calls: legs, flows, bridges, offers and endings."""
