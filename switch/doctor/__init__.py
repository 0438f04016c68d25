"""`centralita doctor`: examines an installation part by part: what is wrong, and the remedy."""
