#!/usr/bin/env bash
# Seeds made by OpenSSL: `answers.sh FOLDER` writes questions to an OCSP responder, and its answers that a
# certificate is good, revoked and unknown, with the responder's certificate inside.
set -euo pipefail
out=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out ca -subj /CN=ca 2>/dev/null
printf 'V\t491231000000Z\t\t01\tunknown\t/CN=good\nR\t491231000000Z\t250101000000Z,keyCompromise\t02\tunknown\t/CN=bad\n' >index
for serial in 1 2 3; do
    openssl ocsp -issuer ca -serial "$serial" -reqout "$out/question-$serial" >/dev/null
    openssl ocsp -index index -rsigner ca -rkey key -CA ca -ndays 1 -reqin "$out/question-$serial" \
        -respout "$out/answer-$serial" >/dev/null 2>&1
done
