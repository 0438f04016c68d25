"""Sound at another sample rate, compiled: the twin of media.resampling. Import it through `media.kernels`."""

def resample(pcm: bytes, taps: bytes, up: int, down: int) -> bytes:
    """PCM at up/down times its rate, through an FIR low-pass designed at `up` times the rate.

    `taps` are an odd number of native 32-bit integers, scaled by 2**24; they sum to `up`, so scaled. The
    filter's delay is taken out: output sample n is the sound at input sample n * down / up.
    ValueError if the taps are even in number or the ratio is not of positive integers.
    """
