"""What is compiled; everything else about the distribution is in pyproject.toml."""

import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

from Cython.Build import cythonize
from mypyc.build import mypycify
from setuptools import Extension, setup

if sys.version_info >= (3, 13) and not getattr(sys, "_is_gil_enabled", lambda: True)():
    sys.exit("centralita needs a standard build of CPython 3.11 to 3.13; this one is free-threaded")

# CENTRALITA_SANITIZE=1 builds with bounds checks and AddressSanitizer for the engine's tests.
SANITIZE = os.environ.get("CENTRALITA_SANITIZE") == "1"
AS_ASKED = "-O" in os.environ.get("CFLAGS", "")
OPTIMISE = [] if AS_ASKED else ["-O3"]
COMPILE = ["-O1", "-g", "-fsanitize=address", "-fno-omit-frame-pointer"] if SANITIZE else OPTIMISE
LINK = ["-fsanitize=address"] if SANITIZE else []

# Extensions that stand on a library of the system: its name, a header of it, and its package in Debian.
OPTIONAL = {
    "opus": ("opus", "opus/opus.h", "libopus-dev"),
}

# The router's steps, compiled from the Python that they are (docs/adr/0010-compiled-router.md); facts stay
# as they are, msgspec's structs.
ROUTER = [
    "aging",
    "board",
    "chats",
    "deadlines",
    "eligibility",
    "line",
    "looks",
    "matching",
    "pairing",
    "staff",
    "visits",
    "wrapping",
]


def is_there(library: str, header: str) -> bool:
    """Whether a program with this header and library compiles and links."""
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    flags = shlex.split(" ".join(os.environ.get(name, "") for name in ("CPPFLAGS", "CFLAGS", "LDFLAGS")))
    command = [*compiler, *flags, "-x", "c", "-", "-o", os.devnull, f"-l{library}"]
    program = f"#include <{header}>\nint main(void) {{ return 0; }}\n"
    return subprocess.run(command, input=program.encode(), capture_output=True, check=False).returncode == 0


def sources() -> list[Path]:
    """What can be built here; the rest is named, and the switch does without it."""
    found = []
    for source in sorted(Path("ext").glob("*.pyx")):
        library, header, package = OPTIONAL.get(source.stem, ("", "", ""))
        if not library or is_there(library, header):
            found.append(source)
        else:
            print(f"ext.{source.stem} is left out: it needs {package}", file=sys.stderr)
    return found


def router() -> list[Extension]:
    """Left as it is where the engine's tests look for mistakes in C of ours."""
    if SANITIZE:
        return []
    paths = [f"acd/{name}.py" for name in ROUTER]
    return mypycify(paths, opt_level="0" if AS_ASKED else "3", group_name="acd")


setup(
    options={"build_ext": {"parallel": True}},
    ext_modules=router()
    + cythonize(
        [
            Extension(
                f"ext.{source.stem}",
                [str(source)],
                extra_compile_args=[*COMPILE, "-Wno-unused-function"],
                extra_link_args=[*LINK, "-pthread"],
            )
            for source in sources()
        ],
        language_level=3,
        nthreads=os.cpu_count() or 1,
        compiler_directives={
            "boundscheck": SANITIZE,
            "wraparound": False,
            "cdivision": True,
            "initializedcheck": SANITIZE,
            "embedsignature": True,
        },
    ),
)

# What was compiled of the same C keeps its time, though its source may have a later one (a checkout): to the
# tests it would be stale.
for compiled in Path("acd").glob("*.so"):
    compiled.touch()
