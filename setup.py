"""Compiled extensions only; everything else about the distribution is in pyproject.toml."""

import os
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

if sys.version_info >= (3, 13) and not getattr(sys, "_is_gil_enabled", lambda: True)():
    sys.exit("centralita needs a standard build of CPython 3.11 to 3.13; this one is free-threaded")

# CENTRALITA_SANITIZE=1 builds with bounds checks and AddressSanitizer for the engine's tests.
SANITIZE = os.environ.get("CENTRALITA_SANITIZE") == "1"
COMPILE = ["-O1", "-g", "-fsanitize=address", "-fno-omit-frame-pointer"] if SANITIZE else ["-O3"]
LINK = ["-fsanitize=address"] if SANITIZE else []

setup(
    ext_modules=cythonize(
        [
            Extension(
                f"ext.{source.stem}",
                [str(source)],
                extra_compile_args=[*COMPILE, "-Wno-unused-function"],
                extra_link_args=[*LINK, "-pthread"],
            )
            for source in sorted(Path("ext").glob("*.pyx"))
        ],
        language_level=3,
        compiler_directives={
            "boundscheck": SANITIZE,
            "wraparound": False,
            "cdivision": True,
            "initializedcheck": SANITIZE,
            "embedsignature": True,
        },
    )
)
