"""Transactions: one request and its responses, their timers, and the way to the wire."""
