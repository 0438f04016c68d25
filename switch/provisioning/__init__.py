"""Files from which desk phones configure themselves: one secret path for each phone."""
