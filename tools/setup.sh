#!/bin/sh
# Make the virtual environment and install the tutor from constraints.txt: tools/setup.sh [run|dev]
# Read from the environment: PYTHON (the interpreter), VENV (default .venv), TORCH_INDEX (an index for torch alone).
set -eu

kind=${1:-run}
venv=${VENV:-.venv}
needed_mb=3072 # torch's CPU build and the rest take 2.3 GB, their wheels up to 0.7 GB while they are unpacked
supported='import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))'

fail() {
    echo "setup: $1" >&2
    exit 2
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        "$PYTHON" -c "$supported" 2>/dev/null || fail "PYTHON=$PYTHON is not Python 3.11, 3.12 or 3.13."
        return
    fi
    for PYTHON in python3.13 python3.12 python3.11 python3; do # a name may be there and still not run (pyenv)
        "$PYTHON" -c "$supported" 2>/dev/null && return
    done
    found=$(python3 -V 2>/dev/null || echo none)
    fail "Python 3.11, 3.12 or 3.13 is needed, found: $found. Install one, or name it: make run PYTHON=/path/to/python3.12"
}

make_venv() {
    "$venv/bin/python" -c "$supported" 2>/dev/null && return
    find_python
    free_mb=$(df -Pm . | awk 'NR == 2 { print $4 }')
    [ "$free_mb" -ge "$needed_mb" ] || fail "$free_mb MB are free here, the installation needs $needed_mb MB. Free some space."
    "$PYTHON" -m venv --clear "$venv" >/dev/null ||
        fail "$PYTHON cannot make a virtual environment; on Debian and Ubuntu install python3-venv."
    echo "Installing into $venv with $("$PYTHON" -V), about two minutes the first time ..."
}

pip_install() {
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input "$@" ||
        fail "pip could not install; its reason is above. Nothing is lost: run make again."
}

make_venv
began=$(date +%s)
torch=$(grep '^torch==' constraints.txt)
if [ -n "${TORCH_INDEX:-}" ]; then
    pip_install --no-deps --index-url "$TORCH_INDEX" "$torch"
fi
# torch by its pin in the same call: asked for loosely, it may come with gigabytes of CUDA where a CPU build would do.
case $kind in
run) pip_install -c constraints.txt "$torch" -e . ;;
dev) pip_install -c constraints.txt "$torch" -e ".[dev]" ;;
*) fail "$kind is neither run nor dev." ;;
esac
echo "Installed in $(($(date +%s) - began)) s."
