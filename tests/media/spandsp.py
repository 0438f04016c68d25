"""SpanDSP's digit receiver through ctypes: an oracle for ours."""

import ctypes
import ctypes.util

import pytest


def spandsp_digits(pcm: bytes) -> str:
    """What it hears in so much PCM. The test is skipped where it is not installed."""
    name = ctypes.util.find_library("spandsp")
    if name is None:
        pytest.skip("no libspandsp2")
    library = ctypes.CDLL(name)
    library.dtmf_rx_init.argtypes = [ctypes.c_void_p] * 3
    library.dtmf_rx_init.restype = ctypes.c_void_p
    library.dtmf_rx.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    library.dtmf_rx_get.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    library.dtmf_rx_free.argtypes = [ctypes.c_void_p]
    receiver = library.dtmf_rx_init(None, None, None)
    told = ""
    for start in range(0, len(pcm), 320):  # it keeps 128 digits
        frame = pcm[start : start + 320]
        library.dtmf_rx(receiver, frame, len(frame) // 2)
        digits = ctypes.create_string_buffer(129)
        library.dtmf_rx_get(receiver, digits, 128)
        told += digits.value.decode()
    library.dtmf_rx_free(receiver)
    return told
