"""Tests of switch.calls."""
