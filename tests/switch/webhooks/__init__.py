"""Webhooks: signed, in order, and nothing lost."""
