"""Reports: the eight of them as data, written by a child process in every format with the same figures."""
