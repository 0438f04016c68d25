"""The thin shell of sip: the only place there that touches sockets, clocks and asyncio."""
