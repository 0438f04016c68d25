"""The agent's desk: what an agent may ask for, whatever the door: a phone's keys, feature codes, the API."""
