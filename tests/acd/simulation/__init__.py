"""Tests of the synthetic days."""
