"""Judges sealed PDF files with other people's programs.

usage: judge_pdfs.py JOBS ROOT NSSDIR

JOBS is a list of {"file", "before", "password"?, "strict"?, "signatures", "sealed": [[page, x0, y0,
x1, y1], …] in millimetres from the top left as shown, "pages"}. Where "signed" is true, others signed
the file before: their signatures must be worth what they were. Prints a line for every complaint
and nothing else.
"""

import json
import logging
import pathlib
import subprocess
import sys
import tempfile

from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

# What is worth nothing to us is worth nothing before and after; pyHanko need not explain it.
logging.disable(logging.CRITICAL)
jobs = json.load(open(sys.argv[1]))
root = load_cert_from_pemder(sys.argv[2])
nssdir = sys.argv[3]
DPI = 60


def run(*arguments):
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    return done.returncode, done.stdout


def pyhanko(job):
    if not job.get("pyhanko", True):
        return
    context = ValidationContext(trust_roots=[root], allow_fetching=False)
    with open(job["file"], "rb") as file:
        reader = PdfFileReader(file, strict=job.get("strict", True))
        if reader.encrypted:
            reader.decrypt(job.get("password", ""))
        found = list(reader.embedded_signatures)
        if job.get("signed"):
            yield from unharmed(job, found, context)
            found = found[-1:]
        elif len(found) != job["signatures"]:
            yield f"pyHanko finds {len(found)} signatures"
        for index, signature in enumerate(found):
            status = validate_pdf_signature(signature, context)
            if not status.bottom_line:
                yield f"pyHanko on signature {index}: {status.summary()}"


def worth(signature, context):
    try:
        status = validate_pdf_signature(signature, context)
    except Exception as error:
        return type(error).__name__
    return status.intact, status.valid, bool(status.docmdp_ok)


def unharmed(job, found, context):
    with open(job["before"], "rb") as file:
        earlier = list(PdfFileReader(file, strict=False).embedded_signatures)
        before = [worth(signature, context) for signature in earlier]
    after = [worth(signature, context) for signature in found]
    if len(after) != len(before) + 1 or after[:-1] != before:
        yield f"pyHanko: earlier signatures were {before} and are {after}"


def pdfsig(job):
    arguments = ["-upw", job["password"]] if "password" in job else []
    if job.get("owner"):
        arguments[0] = "-opw"
    _, text = run("pdfsig", "-nssdir", nssdir, *arguments, job["file"])
    good = text.count("Signature is Valid.")
    trusted = text.count("Certificate is Trusted.")
    if job.get("signed"):
        _, before = run("pdfsig", "-nssdir", nssdir, job["before"])
        if good != before.count("Signature is Valid.") + 1 or not trusted:
            yield f"pdfsig: {before} became {text}"
    elif (good, trusted) != (job["signatures"], job["signatures"]):
        yield f"pdfsig: {text}"
    elif "Total document signed" not in text:
        yield f"pdfsig sees less than the whole document: {text}"


def qpdf(job):
    password = [f"--password={job['password']}"] if "password" in job else []
    before, _ = run("qpdf", "--check", *password, job["before"])
    code, text = run("qpdf", "--check", *password, job["file"])
    if code > before:
        yield f"qpdf: {text}"


def pixels(path, password, page):
    with tempfile.TemporaryDirectory() as directory:
        target = pathlib.Path(directory) / "page"
        arguments = ["-opw", password, "-upw", password] if password is not None else []
        run("pdftoppm", "-r", str(DPI), "-cropbox", "-f", str(page), "-l", str(page), "-singlefile", *arguments, path, str(target))
        header, size, _, data = target.with_suffix(".ppm").read_bytes().split(b"\n", 3)
        width, height = map(int, size.split())
        return width, height, data


def rendering(job):
    for page in range(1, min(job["pages"], 4) + 1):
        before = pixels(job["before"], job.get("password"), page)
        after = pixels(job["file"], job.get("password"), page)
        if before[:2] != after[:2]:
            yield f"page {page} changed its size"
            continue
        width, height = after[:2]
        boxes = [[mm / 25.4 * DPI / job.get("unit", 1) for mm in box[1:]] for box in job["sealed"] if box[0] == page]
        changed = 0
        for y in range(height):
            row = slice(y * width * 3, (y + 1) * width * 3)
            if before[2][row] == after[2][row]:
                continue
            for x in range(width):
                at = (y * width + x) * 3
                if before[2][at : at + 3] != after[2][at : at + 3]:
                    changed += 1
                    if not any(l - 2 <= x <= r + 2 and t - 2 <= y <= b + 2 for l, t, r, b in boxes):
                        yield f"page {page}: pixel {x},{y} changed outside of the seal"
                        break
            else:
                continue
            break
        if boxes and not changed:
            yield f"page {page}: nothing was drawn"


for job in jobs:
    with open(job["before"], "rb") as before, open(job["file"], "rb") as after:
        original = before.read()
        if after.read(len(original)) != original:
            print(f"{job['file']}: the original is not a prefix")
    for judge in [pyhanko, pdfsig, qpdf, rendering]:
        try:
            for complaint in judge(job):
                print(f"{job['file']}: {complaint}")
        except Exception as error:
            print(f"{job['file']}: {judge.__name__} fails: {error!r}")
