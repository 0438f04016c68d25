"""Compiles the generators beside their sources, where a source is newer. Only benchmarks need them."""

import contextlib
import os
import sysconfig
import tempfile
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Distribution, Extension

PACKAGE = "tests.bench"
HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def ensure_compiled() -> None:
    """Build every stale Cython module of this package in place; an error of the compiler is raised."""
    for source in sorted(HERE.glob("*.pyx")):
        built = source.with_name(source.stem + sysconfig.get_config_var("EXT_SUFFIX"))
        if not built.exists() or built.stat().st_mtime_ns < source.stat().st_mtime_ns:
            _compile(source)
            os.utime(built)


def _compile(source: Path) -> None:
    with contextlib.chdir(ROOT), tempfile.TemporaryDirectory() as temporary:
        extension = Extension(
            f"{PACKAGE}.{source.stem}", [str(source.relative_to(ROOT))], extra_compile_args=["-O3"]
        )
        options = {"build_dir": temporary, "language_level": 3, "quiet": True}
        modules = cythonize([extension], **options)  # type: ignore[no-untyped-call]
        command = Distribution({"ext_modules": modules}).get_command_obj("build_ext")
        command.inplace = True
        command.build_temp = temporary
        command.ensure_finalized()
        command.run()
