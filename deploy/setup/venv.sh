#!/bin/sh
# Make the project's own environment: venv.sh FOLDER.  $PYTHON chooses the interpreter (3.11 or newer).
set -eu

venv=$1
here=$(dirname "$0")
python=${PYTHON:-python3}

command -v "$python" >/dev/null 2>&1 || {
    echo "$python: not found (Python 3.11 or newer is needed; choose one with: make PYTHON=/path/to/python3)" >&2
    exit 1
}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "$python is $("$python" -V 2>&1): 3.11 or newer is needed (choose another with: make PYTHON=/path/to/python3)" >&2
    exit 1
}
# Debian's python3 comes without the two modules that make an environment; the package that has them is named by version.
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    sh "$here/debian-install.sh" "The project's own Python environment" \
        "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"

pip() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$@" </dev/null
}
# The copy of the lock in the environment says what is installed there; it is written last.
if ! cmp -s requirements.lock "$venv/requirements.lock"; then
    echo "making $venv with $("$python" -V 2>&1) ..."
    "$python" -m venv --clear "$venv"
    echo "installing $(grep -c '^[a-z]' requirements.lock) packages, each checked by its hash (about a minute) ..."
    pip --require-hashes --only-binary :all: --requirement requirements.lock
    cp requirements.lock "$venv/requirements.lock"
fi
pip --no-deps --no-build-isolation --editable .
echo "ready: $venv"
