"""Desk phones of four makers: one small phone of ours, and a page of data for each, of how it differs."""
