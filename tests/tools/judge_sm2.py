"""Judges SM2 work with other people's programs: ofd_check.py (packages and seals), OpenSSL (every
signature and every chain) and GmSSL (every signature).

usage: judge_sm2.py ROOT FILE…        prints one line of JSON for each file

A file holds if every signature in it does: the digest of what it covers, the signature value by
OpenSSL and by GmSSL, and the chain of every certificate to ROOT.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import ofd_check
from gmssl_pyx import sm2_verify
from ofd_check import Der, oid

IDENTITY = "distid:1234567812345678"
SM3 = "1.2.156.10197.1.401"
SM2_SM3 = "1.2.156.10197.1.501"


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode == 0, done.stdout


def signature_holds(certificate, signed, value):
    """By OpenSSL and by GmSSL, which must agree."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "c.der").write_bytes(certificate)
        (place / "tbs").write_bytes(signed)
        (place / "sig").write_bytes(value)
        _, key = openssl("x509", "-inform", "DER", "-in", str(place / "c.der"), "-noout", "-pubkey")
        (place / "key.pem").write_text(key)
        good, text = openssl("dgst", "-sm3", "-verify", str(place / "key.pem"), "-sigopt", IDENTITY,
                             "-signature", str(place / "sig"), str(place / "tbs"))
    x, y = ofd_check.certificate(certificate)["pub"]
    point = x.to_bytes(32, "big") + y.to_bytes(32, "big")
    same = bool(sm2_verify(point, signed, value))
    return [] if good and same else [f"signature: OpenSSL says {text.strip()}, GmSSL says {same}"]


def chain_holds(root, certificate, others=()):
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "c.der").write_bytes(certificate)
        openssl("x509", "-inform", "DER", "-in", str(place / "c.der"), "-out", str(place / "c.pem"))
        good, text = openssl("verify", "-vfyopt", IDENTITY, "-CAfile", root, str(place / "c.pem"))
    return [] if good else [f"chain: {text.strip()}"]


def seal(root, der):
    parts = der.kids()
    complaints = []
    if oid(parts[2].v) != SM2_SM3:
        complaints.append("the seal's algorithm is not SM2 with SM3")
    complaints += signature_holds(parts[1].v, parts[0].raw, parts[3].bits())
    return complaints + chain_holds(root, parts[1].v)


def ses(root, value, digest):
    parts = Der(value).kids()
    tbs = parts[0].kids()
    complaints = seal(root, tbs[1]) + signature_holds(parts[1].v, parts[0].raw, parts[3].bits())
    complaints += chain_holds(root, parts[1].v)
    if tbs[3].bits() != digest:
        complaints.append("dataHash is not the digest of what is signed")
    listed = ofd_check.seal(tbs[1])
    sm3 = hashlib.new("sm3", parts[1].v).digest()
    if parts[1].v not in (listed["certs"] or []) and sm3 not in (listed["digests"] or []):
        complaints.append("the seal does not name the signer")
    return complaints


def signed_data(root, value, digest, kind):
    outer = Der(value).kids()
    complaints = [] if oid(outer[0].v) == kind else [f"content type {oid(outer[0].v)}"]
    data = outer[1].kids()[0].kids()
    signer = data[-1].kids()[0].kids()
    attributes = next(part for part in signer if part.tag == 0xA0)
    stated = [a.kids()[1].kids()[0].v for a in attributes.kids() if oid(a.kids()[0].v) == "1.2.840.113549.1.9.4"]
    if stated != [digest]:
        complaints.append("messageDigest is not the digest of what is signed")
    if oid(signer[2].kids()[0].v) != SM3:
        complaints.append("the digest algorithm is not SM3")
    certificates = [c.raw for part in data if part.tag == 0xA0 for c in part.kids()]
    serial = signer[1].kids()[1].v
    leaf = next(c for c in certificates if Der(c).kids()[0].kids()[1].v == serial)
    signature = next(part for part in signer[4:] if part.tag == 4)
    complaints += signature_holds(leaf, b"\x31" + attributes.raw[1:], signature.v)
    return complaints + chain_holds(root, leaf)


def pdf(root, file):
    text = file.read_bytes()
    at = text.rindex(b"/ByteRange")
    numbers = [int(n) for n in text[text.index(b"[", at) + 1:text.index(b"]", at)].split()]
    first = text[numbers[0]:numbers[0] + numbers[1]]
    second = text[numbers[2]:numbers[2] + numbers[3]]
    digest = hashlib.new("sm3", first + second).digest()
    value = bytes.fromhex(text[numbers[1] + 1:numbers[2] - 1].decode())
    value = Der(value).raw
    begin = text.rindex(b"/SubFilter", 0, at)
    kind = text[begin:begin + 60].split(b"/")[2].split()[0].decode()
    complaints = [] if numbers[2] + numbers[3] == len(text) else ["the range is not the whole file"]
    if kind == "GM.sm2seal":
        return kind, complaints + ses(root, value, digest)
    if kind == "GM.sm2cms.detached":
        return kind, complaints + signed_data(root, value, digest, "1.2.156.10197.6.1.4.2.2")
    return kind, complaints + signed_data(root, value, digest, "1.2.840.113549.1.7.2")


def ofd(root, file):
    complaints, kinds = [], []
    for found in ofd_check.check_ofd(file):
        kinds.append(found["kind"])
        complaints += [f"{found['id']}: {name}" for name, good in found["checks"].items() if not good]
        complaints += [f"{found['id']} leaves out {name}" for name in found["uncovered"]]
    package = zipfile.ZipFile(file)
    if package.testzip() is not None:
        complaints.append("the archive is damaged")
    for name in package.namelist():
        if name.endswith("SignedValue.dat"):
            value = package.read(name)
            signed = package.read(name.replace("SignedValue.dat", "Signature.xml"))
            digest = hashlib.new("sm3", signed).digest()
            if Der(value).kids()[0].tag == 6:
                complaints += signed_data(root, value, digest, "1.2.156.10197.6.1.4.2.2")
            else:
                complaints += ses(root, value, digest)
    return kinds, complaints


for name in sys.argv[2:]:
    file, root = Path(name), sys.argv[1]
    try:
        head = file.read_bytes()[:5]
        if head == b"%PDF-":
            kind, complaints = pdf(root, file)
        elif head[:2] == b"PK":
            kind, complaints = ofd(root, file)
        else:
            kind, complaints = "seal", seal(root, Der(file.read_bytes()))
    except Exception as error:  # a judge says what it could not read, and goes on
        kind, complaints = None, [repr(error)]
    print(json.dumps({"file": file.name, "kind": kind, "complaints": complaints}, ensure_ascii=False))
