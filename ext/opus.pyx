# cython: language_level=3
# distutils: libraries = opus
"""Opus for speech (RFC 6716) by libopus: 20 ms of 16 kHz; in-band FEC and DTX for who wants them."""

from cpython.pycapsule cimport PyCapsule_New
from libc.stdint cimport int16_t, int32_t, uint8_t
from libc.stdlib cimport calloc, free

from ext.engine_codec cimport CODEC_CAPSULE, CodecTable, Tuning

cdef extern from "opus/opus.h" nogil:
    ctypedef struct OpusEncoder:
        pass
    ctypedef struct OpusDecoder:
        pass
    enum:
        OPUS_APPLICATION_VOIP
        OPUS_BANDWIDTH_NARROWBAND
        OPUS_BANDWIDTH_MEDIUMBAND
        OPUS_BANDWIDTH_WIDEBAND
    OpusEncoder* opus_encoder_create(int32_t rate_hz, int channels, int application, int* error)
    void opus_encoder_destroy(OpusEncoder* encoder)
    int32_t opus_encode(OpusEncoder* encoder, const int16_t* pcm, int samples, uint8_t* octets, int32_t room)
    OpusDecoder* opus_decoder_create(int32_t rate_hz, int channels, int* error)
    void opus_decoder_destroy(OpusDecoder* decoder)
    int opus_decode(
        OpusDecoder* decoder, const uint8_t* octets, int32_t length, int16_t* pcm, int room, int fec
    )

cdef extern from *:     # as macros of two arguments each, the requests of opus_encoder_ctl are C's alone
    """
    static int centralita_opus_settings(OpusEncoder *encoder, int complexity) {
        return opus_encoder_ctl(encoder, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE))
            | opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(complexity));
    }

    static void centralita_opus_tune(
        OpusEncoder *encoder, int bits_per_s, int bandwidth, int fec, int loss_percent, int dtx, int vbr
    ) {
        opus_encoder_ctl(encoder, OPUS_SET_BITRATE(bits_per_s));
        opus_encoder_ctl(encoder, OPUS_SET_MAX_BANDWIDTH(bandwidth));
        opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(fec));
        opus_encoder_ctl(encoder, OPUS_SET_PACKET_LOSS_PERC(loss_percent));
        opus_encoder_ctl(encoder, OPUS_SET_DTX(dtx));
        opus_encoder_ctl(encoder, OPUS_SET_VBR(vbr));
    }
    """
    int opus_settings "centralita_opus_settings"(OpusEncoder* encoder, int complexity) noexcept nogil
    void opus_tune "centralita_opus_tune"(
        OpusEncoder* encoder, int bits_per_s, int bandwidth, bint fec, int loss_percent, bint dtx, bint vbr
    ) noexcept nogil

cdef enum:
    RATE = 16000
    BITS_PER_S = 40000          # speech that is said twice: 32 kbit/s sound worse by 0.4 MOS (wideband PESQ)
    EXPECTED_LOSS_PERCENT = 10  # at 5 and few bits, libopus leaves FEC out
    COMPLEXITY = 5              # of 10, which cost twice the time and give 0.2 MOS more
    NOTHING_TO_SEND = 2         # octets or less: a frame that DTX leaves out


cdef struct Coder:
    OpusEncoder* encoder
    OpusDecoder* decoder


cdef void coder_close(void* state) noexcept nogil:
    cdef Coder* coder = <Coder*>state
    if coder.encoder != NULL:
        opus_encoder_destroy(coder.encoder)
    if coder.decoder != NULL:
        opus_decoder_destroy(coder.decoder)
    free(coder)


cdef int bandwidth(int rate_hz) noexcept nogil:
    """The widest that such samples can hold (RFC 6716 table 1); nothing here is wider than wideband."""
    if 0 < rate_hz < 12000:
        return OPUS_BANDWIDTH_NARROWBAND
    return OPUS_BANDWIDTH_MEDIUMBAND if 0 < rate_hz < RATE else OPUS_BANDWIDTH_WIDEBAND


cdef Tuning unasked     # all zero: the defaults of RFC 7587 section 6.1


cdef void tune(void* state, const Tuning* tuning) noexcept nogil:
    cdef bint limited = 0 < tuning.bits_per_s < BITS_PER_S
    opus_tune(
        (<Coder*>state).encoder,
        tuning.bits_per_s if limited else BITS_PER_S,
        bandwidth(tuning.rate_hz),
        tuning.fec,
        EXPECTED_LOSS_PERCENT if tuning.fec else 0,
        tuning.dtx,
        not tuning.constant,
    )


cdef void* coder_open() noexcept nogil:
    cdef int error = 0
    cdef Coder* coder = <Coder*>calloc(1, sizeof(Coder))
    if coder == NULL:
        return NULL
    coder.encoder = opus_encoder_create(RATE, 1, OPUS_APPLICATION_VOIP, &error)
    coder.decoder = opus_decoder_create(RATE, 1, &error)
    if (
        coder.encoder == NULL
        or coder.decoder == NULL
        or opus_settings(coder.encoder, COMPLEXITY) != 0
    ):
        coder_close(coder)
        return NULL
    tune(coder, &unasked)
    return coder


cdef int encode(void* state, const int16_t* pcm, int samples, uint8_t* octets, int room) noexcept nogil:
    cdef int32_t written = opus_encode((<Coder*>state).encoder, pcm, samples, octets, room)
    return 0 if 0 <= written <= NOTHING_TO_SEND else written


cdef int decode(void* state, const uint8_t* octets, int length, int16_t* pcm, int room) noexcept nogil:
    if length <= 0:     # to libopus that would be a lost packet
        return -1
    return opus_decode((<Coder*>state).decoder, octets, length, pcm, room, 0)


cdef int conceal(
    void* state, const uint8_t* following, int length, int16_t* pcm, int samples
) noexcept nogil:
    """By FEC where the packet has it, else by what was heard before; in a silence that DTX left out, noise."""
    cdef OpusDecoder* decoder = (<Coder*>state).decoder
    cdef int written = -1
    if following != NULL and length > 0:
        written = opus_decode(decoder, following, length, pcm, samples, 1)
    return written if written >= 0 else opus_decode(decoder, NULL, 0, pcm, samples, 0)


cdef CodecTable table
table.name = b"OPUS"
table.pcm_rate_hz = RATE
table.rtp_rate_hz = 48000       # whatever the encoder's rate (RFC 7587 section 4.1)
table.frame_octets = 0
table.open = coder_open
table.close = coder_close
table.tune = tune
table.encode = encode
table.decode = decode
table.conceal = conceal

CODEC = PyCapsule_New(&table, CODEC_CAPSULE, NULL)
