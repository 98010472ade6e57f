#!/usr/bin/env bash
# Installs what is missing from Debian's packages: `install.sh run` for the demonstration,
# `install.sh test` for the tests as well (with a Python environment in .venv), `install.sh fuzz`
# for fuzzing.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
need() { # need COMMAND-OR-FILE PACKAGE
    command -v "$1" >/dev/null 2>&1 || [ -e "$1" ] || missing+=("$2")
}

need cc gcc
need softhsm2-util softhsm2
# Not `grep -q`: it would go before everything was said to it.
if ! fc-list 2>/dev/null | grep 'Noto Serif CJK' >/dev/null; then
    missing+=(fonts-noto-cjk)
    need fc-list fontconfig
fi
if [ "${1:-run}" = fuzz ]; then
    need c++ g++
    need unzip unzip
    need openssl openssl
    need python3 python3
fi
if [ "${1:-run}" = test ]; then
    need qpdf qpdf
    need pdfsig poppler-utils
    need mutool mupdf-tools
    need zbarimg zbar-tools
    need certutil libnss3-tools
    need faketime faketime
    need openssl openssl
    need psql postgresql-client
    need chromium chromium
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
    need python3 python3
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
fi
if [ ${#missing[@]} -gt 0 ]; then
    echo "installing: ${missing[*]}" >&2
    sudo=""
    if [ "$(id -u)" != 0 ]; then sudo=sudo; fi
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if [ "${1:-run}" = test ]; then
    wanted=$(sha256sum scripts/requirements.txt | cut -c1-16)
    if [ "$(cat .venv/installed 2>/dev/null)" != "$wanted" ]; then
        rm -rf .venv
        python3 -m venv .venv
        .venv/bin/pip install --quiet --disable-pip-version-check -r scripts/requirements.txt
        # For the axe-core in it; a browser of its own is not wanted.
        .venv/bin/pip install --quiet --disable-pip-version-check --no-deps axe-playwright-python==0.1.8
        echo "$wanted" >.venv/installed
    fi
    if ! cargo nextest --version >/dev/null 2>&1; then
        cargo install --locked --quiet cargo-nextest
    fi
fi
