"""The configuration file: read by declared type, every error at once with its line and column."""
