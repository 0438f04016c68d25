"""What happened: the records of finished calls, and what must survive a restart, in SQLite or PostgreSQL."""
