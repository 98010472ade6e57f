#!/usr/bin/env bash
# Fuzzing on the stable compiler, without a sanitizer: `soak.sh` gives every target SECONDS_EACH
# (default 600), `soak.sh TARGET…` only those. Memory and time of each input are bounded.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v cargo-fuzz >/dev/null || cargo install --locked --quiet cargo-fuzz
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(seal raw pdf difference ofd ses cms timestamp certificate crl ocsp picture)
cargo fuzz build -s none
for target in "${targets[@]}"; do
    mkdir -p "fuzz/corpus/$target"
    for sample in test-vectors/samples/*.pdf test-vectors/origins/*.pdf test-vectors/sealed/*.pdf \
        ../shared/corpus/pdf/*/*.pdf; do
        [ -f "$sample" ] || continue
        name=$(basename "$sample")
        case $target in
            raw | pdf) cp "$sample" "fuzz/corpus/$target/$name" ;;
            # The first byte chooses what is asked for.
            seal) for choice in 00 0d 13; do
                { printf '%b' "\\x$choice"; cat "$sample"; } >"fuzz/corpus/seal/$choice-$name"
            done ;;
        esac
    done
    case $target in
        # The first byte chooses the part of the sealed package that the rest stands for.
        ofd) for sample in test-vectors/s*/*.ofd ../shared/corpus/ofd/*.ofd; do
            [ -f "$sample" ] && { printf '\xff'; cat "$sample"; } >"fuzz/corpus/ofd/$(basename "$sample")"
            part=0
            for name in $(unzip -Z1 test-vectors/sealed/licence.ofd); do
                { printf '%b' "\\x0$part"; unzip -p test-vectors/sealed/licence.ofd "$name"; } \
                    >"fuzz/corpus/ofd/part-$part"
                part=$((part + 1))
            done
        done ;;
        # A number, a length in two bytes, and what stands there: the objects of real revisions.
        difference) python3 fuzz/revisions.py ../shared/corpus/pdf fuzz/corpus/difference ;;
        ses) for sample in test-vectors/sealed/*.esl ../shared/corpus/ofd/*.esl; do
            [ -f "$sample" ] && cp "$sample" "fuzz/corpus/ses/"
        done
            for sample in test-vectors/sealed/*.ofd ../shared/corpus/ofd/*.ofd; do
                [ -f "$sample" ] || continue
                for name in $(unzip -Z1 "$sample" | grep -i 'SignedValue.dat\|Signature.xml'); do
                    unzip -p "$sample" "$name" >"fuzz/corpus/ses/$(basename "$sample")-${name//\//_}"
                done
            done ;;
        cms | timestamp) python3 fuzz/structures.py fuzz/corpus \
            test-vectors/*/*.pdf ../shared/corpus/pdf/*/*.pdf ;;
        certificate) for sample in test-vectors/sealed/*.pem ../shared/corpus/pkits/certs/*; do
            [ -f "$sample" ] && cp "$sample" fuzz/corpus/certificate/
        done ;;
        crl) for sample in ../shared/corpus/pkits/crls/*; do
            [ -f "$sample" ] && cp "$sample" fuzz/corpus/crl/
        done ;;
        ocsp) fuzz/answers.sh fuzz/corpus/ocsp ;;
    esac
    cargo fuzz run -s none "$target" -- -max_total_time="${SECONDS_EACH:-600}" -max_len=400000 \
        -rss_limit_mb=2048 -timeout=10 -verbosity=0 -print_final_stats=1
done
