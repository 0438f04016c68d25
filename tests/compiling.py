"""Compiles the Cython modules of a package of tests beside their sources, where a source is newer.

They are compiled as setup.py compiles `ext`, whose .pxd files they may use.
"""

import contextlib
import os
import shutil
import sysconfig
import tempfile
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Distribution, Extension

ROOT = Path(__file__).parents[1]
SANITIZE = os.environ.get("CENTRALITA_SANITIZE") == "1"
SANITIZED = ["-O1", "-g", "-fsanitize=address", "-fno-omit-frame-pointer"]
"""As in setup.py."""


def ensure_compiled(package: str) -> None:
    """Build every stale Cython module of this package in place; an error of the compiler is raised."""
    newest_part = max(part.stat().st_mtime_ns for part in (ROOT / "ext").glob("*.pxd"))
    for source in sorted((ROOT / package.replace(".", "/")).glob("*.pyx")):
        built = source.with_name(source.stem + sysconfig.get_config_var("EXT_SUFFIX"))
        if not built.exists() or built.stat().st_mtime_ns < max(source.stat().st_mtime_ns, newest_part):
            _compile(package, source, built)


def _compile(package: str, source: Path, built: Path) -> None:
    """Put in place whole: another process may be compiling the same, or loading it."""
    with contextlib.chdir(ROOT), tempfile.TemporaryDirectory() as temporary:
        extension = Extension(
            f"{package}.{source.stem}",
            [str(source.relative_to(ROOT))],
            extra_compile_args=[*(SANITIZED if SANITIZE else ["-O3"]), "-Wno-unused-function"],
            extra_link_args=["-fsanitize=address"] if SANITIZE else [],
        )
        directives = {"boundscheck": False, "wraparound": False, "cdivision": True}
        options = {
            "build_dir": temporary,
            "language_level": 3,
            "quiet": True,
            "compiler_directives": directives,
        }
        modules = cythonize([extension], **options)  # type: ignore[no-untyped-call]
        command = Distribution({"ext_modules": modules}).get_command_obj("build_ext")
        command.build_lib = command.build_temp = temporary
        command.ensure_finalized()
        command.run()
        part = built.with_suffix(f".{os.getpid()}")
        shutil.copyfile(command.get_ext_fullpath(extension.name), part)
        part.replace(built)
