"""The one place that chooses between the compiled scanner and its pure twin (CENTRALITA_KERNELS=pure)."""

from ext.build import KERNELS

if KERNELS == "pure":
    from sip.syntax.scanner import parameters, scan, split_address, split_list, unquote
else:
    from ext.scanner import parameters, scan, split_address, split_list, unquote

__all__ = ["parameters", "scan", "split_address", "split_list", "unquote"]
