"""Seeds of what stands in PDF files: `structures.py CORPUS FILE…` writes the CMS of each signature to
CORPUS/cms, and each timestamp token to CORPUS/timestamp as well."""

import hashlib
import pathlib
import re
import sys

CONTENTS = re.compile(rb"/Contents\s*<([0-9A-Fa-f\s]+)>")
# id-aa-timeStampToken, and the SET behind it.
TOKEN = re.compile(bytes.fromhex("060b2a864886f70d010910020e31"))


def structure(data):
    """The DER structure that `data` begins with."""
    if len(data) < 4 or data[0] != 0x30:
        return None
    size, start = data[1], 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(data[2:start], "big")
    return data[: start + size]


def tokens(cms):
    for found in TOKEN.finditer(cms):
        inside = cms[found.end() :]
        if inside:
            yield inside[1 + (inside[0] & 0x7F if inside[0] & 0x80 else 0) :]


def main():
    corpus = pathlib.Path(sys.argv[1])
    for path in map(pathlib.Path, sys.argv[2:]):
        if not path.is_file():
            continue
        data = path.read_bytes()
        for found in CONTENTS.finditer(data):
            digits = re.sub(rb"\s", b"", found[1])
            cms = structure(bytes.fromhex(digits[: len(digits) // 2 * 2].decode()))
            if cms is None:
                continue
            stamps = [cms] if b"ETSI.RFC3161" in data else []
            pieces = [("cms", cms)] + [("timestamp", one) for one in stamps + list(tokens(cms))]
            for target, piece in pieces:
                piece = structure(piece)
                if piece:
                    folder = corpus / target
                    folder.mkdir(parents=True, exist_ok=True)
                    (folder / hashlib.sha256(piece).hexdigest()[:16]).write_bytes(piece)


main()
