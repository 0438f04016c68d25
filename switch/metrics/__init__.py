"""What the switch counts and measures, and how Prometheus gets it."""
