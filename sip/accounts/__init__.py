"""Accounts: who somebody is, here and with a carrier, and where he can be reached."""
