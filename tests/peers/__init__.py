"""Real peers: phones (baresip, pjsua2), carriers and agents (SIPp), a packet capture, the switch itself.

Each runs in a process of its own, so that a test may kill it, and none is a mock.
"""
