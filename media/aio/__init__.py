"""The thin shell of media: sockets, files, threads and asyncio."""
