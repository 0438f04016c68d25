"""The steps that bring a database of any version to today's schema."""
