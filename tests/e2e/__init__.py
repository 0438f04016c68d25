"""The running switch with real peers: SIPp as carrier, baresip and pjsua2 as phones, nothing mocked."""
