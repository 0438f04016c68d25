"""A leg: one dialog and one port, what becomes of it and whom it tells."""
