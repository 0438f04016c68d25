"""The soft keys of phones: do not disturb, forwarding, the agent's state, hoteling, both ways."""
