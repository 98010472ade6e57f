"""Makes PDF files of many kinds from the samples, for the sealing matrix.

usage: make_pdfs.py SAMPLES ORIGINS OUT

Writes OUT/*.pdf and OUT/manifest.json: a list of {"name", "pages", "password"?, "strict"?: whether
pyHanko reads it strictly, "pyhanko"?: whether it reads it at all, "refused"?: with which code it is not sealed, "unit"?: the /UserUnit, which
poppler does not heed}.
"""

import json
import pathlib
import shutil
import subprocess
import sys

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

samples, origins, out = map(pathlib.Path, sys.argv[1:4])
out.mkdir(parents=True, exist_ok=True)
manifest = []


def enter(name, **facts):
    arguments = [f"--password={facts.get('password', '')}", "--show-npages", out / f"{name}.pdf"]
    pages = int(subprocess.check_output(["qpdf", "--warning-exit-0", *arguments]))
    manifest.append({"name": name, "pages": pages, **facts})


def qpdf(name, source, *arguments, **facts):
    subprocess.run(
        ["qpdf", "--warning-exit-0", *arguments, samples / f"{source}.pdf", out / f"{name}.pdf"], check=True
    )
    enter(name, **facts)


def written(name, data, **facts):
    (out / f"{name}.pdf").write_bytes(data)
    enter(name, **facts)


for sample in ["licence", "approval", "notice"]:
    shutil.copy(samples / f"{sample}.pdf", out / f"{sample}.pdf")
    enter(sample)
    qpdf(f"{sample}-objstm", sample, "--object-streams=generate")
    qpdf(f"{sample}-linear", sample, "--linearize", "--object-streams=disable")
    qpdf(f"{sample}-linear-objstm", sample, "--linearize", "--object-streams=generate")
qpdf("qdf", "approval", "--qdf")
qpdf("uncompressed", "approval", "--stream-data=uncompress", "--object-streams=disable", "--min-version=1.3")
qpdf("version-2", "licence", "--force-version=2.0", "--object-streams=generate")
for angle in [90, 180, 270]:
    qpdf(f"rotated-{angle}", "approval", f"--rotate=+{angle}")
weak = "--allow-weak-crypto"
for name, arguments in {
    "rc4-40": ["--encrypt", "user", "owner", "40", "--"],
    "rc4-128": ["--encrypt", "user", "owner", "128", "--use-aes=n", "--"],
    "aes-128": ["--encrypt", "user", "owner", "128", "--use-aes=y", "--"],
    "aes-128-clear-metadata": ["--encrypt", "user", "owner", "128", "--cleartext-metadata", "--use-aes=y", "--"],
    "aes-256-r5": ["--encrypt", "user", "owner", "256", "--force-R5", "--"],
    "aes-256": ["--encrypt", "user", "owner", "256", "--"],
}.items():
    # pyHanko does not read revision 5.
    qpdf(name, "approval", weak, *arguments, password="user", pyhanko="R5" not in " ".join(arguments))
qpdf("aes-128-objstm", "approval", weak, "--object-streams=generate", "--encrypt", "user", "owner", "128", "--use-aes=y", "--", password="owner")
qpdf("aes-256-linear-objstm", "approval", "--linearize", "--object-streams=generate", "--encrypt", "密码", "owner", "256", "--", password="密码")
qpdf("aes-256-open", "approval", "--encrypt", "", "owner", "256", "--")
qpdf("aes-256-locked", "approval", "--encrypt", "", "owner", "256", "--modify=none", "--", password="owner")

# Changed by somebody before: an incremental revision.
for source in ["approval", "approval-objstm"]:
    with (out / f"{source}.pdf").open("rb") as file:
        change = IncrementalPdfFileWriter(file)
        change.root["/Lang"] = generic.TextStringObject("zh-CN")
        change.update_root()
        name = source.replace("approval", "updated")
        with (out / f"{name}.pdf").open("wb") as target:
            change.write(target)
        enter(name)

# Empty signature fields of others.
with (out / "approval.pdf").open("rb") as file:
    change = IncrementalPdfFileWriter(file)
    for number, page in [(1, 0), (2, 3)]:
        box = (60, 60, 260, 260)
        append_signature_field(change, SigFieldSpec(f"Empty{number}", on_page=page, box=box))
    with (out / "fields.pdf").open("wb") as target:
        change.write(target)
    enter("fields")


def plain(objects, *, size=None, header=b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", extra=b"", between=b""):
    """A file from the texts of its objects, with a classic table."""
    data, offsets = bytearray(header), []
    for number, text in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, text) + between
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f\r\n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n\r\n" % offset for offset in offsets)
    size = size or len(objects) + 1
    data += b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, extra, start)
    return bytes(data)


def stream(text, entries=b""):
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(text), entries, text)


text = stream(b"BT /F 24 Tf 60 700 Td (Certificate of Conformity) Tj ET")
font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def simple(page=b"/MediaBox[0 0 595 842]", pages=b"", content=text, annots=b"", more=()):
    return [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/Resources<</Font<</F 6 0 R>>>>" + pages + b">>",
        b"<</Type/Page/Parent 2 0 R/Contents 5 0 R" + page + annots + b">>",
        b"<</Type/Page/Parent 2 0 R/Contents[5 0 R]" + page + b">>",
        content,
        font,
        *more,
    ]


written("plain", plain(simple()))
written("wrong-size", plain(simple(), size=3), refused="pdf-damaged")
written("size-too-large", plain(simple(), size=500))
written("user-unit-2", plain(simple(b"/MediaBox[0 0 298 421]/UserUnit 2.0")), unit=2)
written("crop-box", plain(simple(b"/MediaBox[-100 -50 700 950]/CropBox[20 30 615 872]")))
written("inherited-box", plain(simple(b"", b"/MediaBox[0 0 595 842]/Rotate 90")))
written("reversed-box", plain(simple(b"/MediaBox[595 842 0 0]")))
written("indirect-box", plain(simple(b"/MediaBox 7 0 R", more=[b"[0 0 595 842]"])))
written("open-state", plain(simple(content=stream(b"q 2 0 0 2 100 100 cm q BT /F 9 Tf 60 200 Td (open) Tj ET"))))
written("empty-page", plain([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>"] + [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"] * 2))
link = b"<</Type/Annot/Subtype/Link/Rect[60 690 200 720]/Border[0 0 1]/A<</S/URI/URI(https://example.org/)>>>>"
written("annots-indirect", plain(simple(annots=b"/Annots 7 0 R", more=[b"[8 0 R]", link])))
written("annots-direct", plain(simple(annots=b"/Annots[7 0 R]", more=[link])))
form = simple(more=[b"<</Fields 8 0 R/DA(/Helv 0 Tf 0 g)>>", b"[9 0 R]", b"<</FT/Tx/T(name)/V(Example)/DA(/F 12 Tf 0 g)/Subtype/Widget/Type/Annot/Rect[60 600 300 620]/P 3 0 R>>"], annots=b"/Annots[9 0 R]")
form[0] = b"<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R>>"
written("form", plain(form))
form[0] = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[9 0 R]/DA(/Helv 0 Tf 0 g)>>>>"
written("form-direct", plain(form))
written("trailing-space", plain(simple()) + b"\r\n\n  ")
written("comments", plain(simple(), between=b"% a comment between objects\n"))

# A hybrid file: some objects are only in the stream beside the table.
base = plain(simple())
at = base.index(b"xref\n0 7")
objects = base[:at]
font_at, stream_at = objects.index(b"6 0 obj"), len(objects)
rows = b"".join(bytes([1]) + at.to_bytes(4, "big") + b"\0" for at in [font_at, stream_at])
beside = b"7 0 obj\n<</Type/XRef/Size 8/W[1 4 1]/Index[6 2]/Root 1 0 R/Length %d>>\nstream\n%s\nendstream\nendobj\n" % (len(rows), rows)
hybrid = bytearray(objects + beside)
start = len(hybrid)
places = [objects.index(b"%d 0 obj" % number) for number in range(1, 6)]
hybrid += b"xref\n0 7\n0000000000 65535 f\r\n" + b"".join(b"%010d 00000 n\r\n" % p for p in places) + b"0000000000 00000 f\r\n"
hybrid += b"trailer\n<</Size 8/Root 1 0 R/XRefStm %d>>\nstartxref\n%d\n%%%%EOF\n" % (stream_at, start)
written("hybrid", bytes(hybrid), strict=False)

# Files as other programs made them.
for path in sorted(origins.glob("*.pdf")):
    shutil.copy(path, out / path.name)
    enter(path.stem, strict=path.stem != "mutool")

(out / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1))
