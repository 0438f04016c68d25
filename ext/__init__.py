"""Compiled kernels and the RTP engine. Imports nothing of ours."""
