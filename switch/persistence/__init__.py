"""What is on disk for a crash: the router's events, open calls, records on their way to the history."""
