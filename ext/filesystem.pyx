# cython: language_level=3
"""What Python's `os` does not ask of the file system."""

import os

from ext.engine_os cimport errno, syncfs


def sync_filesystem(int fd) -> None:
    cdef int failed
    with nogil:
        failed = errno if syncfs(fd) != 0 else 0
    if failed:
        raise OSError(failed, os.strerror(failed))
