"""Events: what is told, to whom, and that nothing is lost."""
