"""What Python's `os` does not ask of the file system."""

def sync_filesystem(fd: int) -> None:
    """Bring everything on the file system of this descriptor to the disk (syncfs). Blocks; OSError."""
