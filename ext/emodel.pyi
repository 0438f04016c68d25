"""The E-model (ITU-T G.107), compiled: the twin of media.emodel. Import it through `media.kernels`."""

__pyx_capi__: dict[str, object]
"""What other compiled modules cimport (emodel.pxd)."""

def emodel_rating(
    best: float, ie: float, bpl: float, delay_ms: float, loss: float, burst_ratio: float
) -> float:
    """R of the E-model, on the scale where clean G.711 is 93.2 (ITU-T G.107; media.emodel has the whole)."""

def emodel_mos(rating: float) -> float:
    """The mean opinion score of an R (G.107 annex B): 1.0 (bad) to 4.5."""
