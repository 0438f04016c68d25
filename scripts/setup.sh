# Set-up that run, test and bench share; sourced, never run by itself.
#
#   ensure_environment [test]    a .venv with hash-locked requirements, compiled extensions and the
#                                `centralita` command; with `test` also what the tests need
#   ensure_tool_packages PACKAGE...    system packages, named as in Debian and Ubuntu, still missing
#
# Each step keeps a stamp, the hash of all that it depends on, and is skipped while that hash stands.
# pip is used as it is configured: PIP_* variables, pip.conf and proxies of the caller all count.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
VENV="$ROOT/.venv"
STAMPS="$VENV/.stamps"

say() { printf '\033[2m%s\033[0m\n' "centralita: $*" >&2; }

fail() {
    printf '%s\n' "centralita: $*" >&2
    exit 1
}

# Are we root, or may we become root without a password (or, on a terminal, with one)?
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

can_install() {
    command -v apt-get >/dev/null || return 1
    [ "$(id -u)" = 0 ] && return 0
    command -v sudo >/dev/null || return 1
    [ -t 0 ] || sudo -n true 2>/dev/null
}

install_packages() {
    if ! can_install; then
        printf '%s\n' "centralita: some system packages are missing; install them and start again:" "" \
            "    sudo apt-get install --no-install-recommends $*" "" >&2
        exit 1
    fi
    say "installing system packages: $*"
    # The lists may be absent (a fresh root) or stale (a 404): refresh them once, only then.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" \
        >/dev/null 2>&1 && return
    as_root apt-get update -qq || fail "apt-get update failed"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" \
        >/dev/null || fail "apt-get could not install: $*"
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

ensure_packages() {
    local missing=() package
    for package in "$@"; do
        installed "$package" || missing+=("$package")
    done
    [ "${#missing[@]}" = 0 ] || install_packages "${missing[@]}"
}

suits() {
    "$1" -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 13)))' 2>/dev/null
}

find_python() {
    local name
    for name in ${CENTRALITA_PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null && suits "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

can_make_venv() {
    "$1" -c 'import ensurepip, os, sysconfig, venv
header = os.path.join(sysconfig.get_path("include"), "Python.h")
raise SystemExit(not os.path.exists(header))' 2>/dev/null
}

# A C compiler, a Python that can make environments and compile extensions, and espeak-ng for prompts.
# What is found by what it can do is not asked for by name: a pyenv or a clang serves as well.
ensure_system() {
    local missing=()
    command -v "${CC:-cc}" >/dev/null && [ -e /usr/include/stdlib.h ] || missing+=(gcc libc6-dev)
    command -v espeak-ng >/dev/null || missing+=(espeak-ng)
    if ! PYTHON="$(find_python)"; then
        missing+=(python3 python3-venv python3-dev)
    elif ! can_make_venv "$PYTHON"; then
        local version
        version="$("$PYTHON" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')"
        missing+=("$version-venv" "$version-dev")
    fi
    [ "${#missing[@]}" = 0 ] && return
    install_packages "${missing[@]}"
    PYTHON="$(find_python)" || fail "needs Python 3.11 to 3.13; this system's python3 is $(python3 --version 2>&1)"
}

# hash_of WORD... -- FILE...
hash_of() {
    local words=()
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    { printf '%s\n' "${words[@]}" && cat "$@"; } | sha256sum | cut -d ' ' -f 1
}

stamped() { [ -e "$STAMPS/$1" ] && [ "$(cat "$STAMPS/$1")" = "$2" ]; }

stamp() { mkdir -p "$STAMPS" && printf '%s\n' "$2" >"$STAMPS/$1"; }

pip_install() {
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$VENV/bin/python" -m pip install -qq --no-input "$@"
}

# ensure_requirements NAME FILE... : installs hash-locked requirements
ensure_requirements() {
    local name="$1" hash
    shift
    hash="$(hash_of "$PYTHON_ID" -- "$@")"
    stamped "$name" "$hash" && return
    say "installing the requirements ($name)"
    local file options=()
    for file in "$@"; do
        options+=(-r "$file")
    done
    pip_install --require-hashes "${options[@]}" || fail "pip could not install the requirements ($name)"
    stamp "$name" "$hash"
}

ensure_venv() {
    PYTHON_ID="$("$PYTHON" -c 'import os, sys; print(sys.version, os.path.realpath(sys.base_prefix))')"
    stamped python "$PYTHON_ID" && return
    if [ -d "$STAMPS" ]; then
        say "python changed: making .venv anew"
        rm -rf "$VENV"
    fi
    "$PYTHON" -m venv "$VENV" || fail "could not make $VENV"
    stamp python "$PYTHON_ID"
}

has_opus() { [ -e "/usr/include/opus/opus.h" ]; }

# Wanted, not needed: without a library its extension is left out, and `centralita check` says where it matters.
ensure_libraries() {
    has_opus && return
    if can_install; then
        (install_packages libopus-dev) && return
    fi
    say "going on without libopus-dev: no Opus"
}

extensions_hash() {
    cd "$ROOT" && hash_of "$PYTHON_ID" "${CENTRALITA_SANITIZE:-}" "${CC:-}" "${CFLAGS:-}" \
        "$(has_opus && echo opus)" -- \
        setup.py pyproject.toml \
        $(find ext -name '*.pyx' -o -name '*.pxd' -o -name '*.h' | LC_ALL=C sort) $(ls acd/*.py | LC_ALL=C sort)
}

# The package itself, in place: extensions beside their sources, the command in .venv/bin.
ensure_extensions() {
    stamped extensions "$(extensions_hash)" && return
    ensure_libraries
    say "compiling the extensions"
    rm -f "$ROOT"/acd/*.so "$ROOT"/acd__mypyc.*.so # an older one would stand in for its source
    pip_install --no-deps --no-build-isolation --editable "$ROOT" || fail "the extensions did not compile"
    local built
    for built in "$ROOT"/ext/*.so; do # what was compiled from a source that is gone could still be imported
        [ -f "$ROOT/ext/$(basename "${built%%.cpython*}").pyx" ] || rm -f "$built"
    done
    stamp extensions "$(extensions_hash)"
}

ensure_environment() {
    ensure_system
    ensure_venv
    ensure_requirements run "$ROOT/requirements/build.txt" "$ROOT/requirements/run.txt"
    if [ "${1:-}" = test ]; then
        ensure_requirements test "$ROOT/requirements/test.txt"
    fi
    ensure_extensions
}
