"""Coming from Asterisk: its `queues.conf` as sections of our configuration."""
