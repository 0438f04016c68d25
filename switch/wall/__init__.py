"""The wall: what keeps those who only want to do harm away from the calls in progress."""
