#!/usr/bin/env bash
# Makes a private SoftHSM token in a directory, without root: `setup.sh DIRECTORY [LABEL]`.
# Doing it again changes nothing. Prints the variable that the service needs.
set -euo pipefail
directory=$(realpath -m "${1:?usage: setup.sh DIRECTORY [LABEL]}")
label=${2:-sealwright}
mkdir -p "$directory/tokens"
chmod 700 "$directory"
conf="$directory/softhsm2.conf"
printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n' "$directory" >"$conf"
export SOFTHSM2_CONF="$conf"
if ! softhsm2-util --show-slots | grep -q "Label: *$label\b"; then
    umask 077
    head -c 24 /dev/urandom | base64 | tr -d '/+=' >"$directory/pin"
    head -c 24 /dev/urandom | base64 | tr -d '/+=' >"$directory/so-pin"
    softhsm2-util --init-token --free --label "$label" \
        --pin "$(cat "$directory/pin")" --so-pin "$(cat "$directory/so-pin")" >/dev/null
fi
echo "export SOFTHSM2_CONF=$conf"
