"""When queues and routes are open: calendars, and who tells the router of them."""
