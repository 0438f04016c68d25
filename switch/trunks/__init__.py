"""Carriers as we see them: where their targets are, which of them answer, and our registrations with them."""
