"""Dialogs and sessions: what an INVITE begins, until its BYE."""
