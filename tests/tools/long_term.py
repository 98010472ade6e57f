"""Makes PDF files for the time when their certificates have ended, signed and stamped by pyHanko.

usage: long_term.py OUT

Writes OUT/root.der, OUT/b.pdf (signed), stamped.pdf (with a document timestamp alone), t.pdf (with a timestamp), lt.pdf (with validation data), lta.pdf (with a document
timestamp over both), lta-forged.pdf (the same by an authority that nobody trusts), lta-renewed.pdf (stamped
once more), content.pdf (with a timestamp in it that is older than the signature), content-stranger.pdf and
content-other.pdf (with one by an authority that nobody trusts, and one over something else), and revocation lists of the authorities:

    good.crl            nobody is revoked; of the CA, for thirty years
    late.crl, late-kept.crl
                        nobody is revoked; issued when the signer had ended, the second says that it keeps the ended
    root.crl            nobody is revoked; of the root, for thirty years
    before.crl, between.crl, after.crl
                        the signer was revoked a day before he signed, between signing and timestamp, a day after
    suspected.crl       he was revoked a day after, as others may have had his key since a day before
    hold.crl            he is on hold since a day before he signed
    ca-after.crl        of the root: the CA was revoked a day after the signing

and OUT/times.json: when it was signed and stamped, and when what ends, in seconds since 1970.
"""

import datetime
import io
import json
import pathlib
import sys

from asn1crypto import crl as asn1_crl, ocsp as asn1_ocsp, x509
from cryptography import x509 as cx509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers, timestamps
from pyhanko.sign.ades.api import CAdESSignedAttrSpec
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore
from small_pki import CA, NOW, YEAR, certificate, day, der, private, usage

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
YESTERDAY = NOW - day
STAMPS = (usage("digital_signature"), (cx509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True))
LISTS = (cx509.CRLDistributionPoints([cx509.DistributionPoint([cx509.UniformResourceIdentifier("http://crl.example/root.crl")], None, None, None)]), False)
ASKED = (cx509.AuthorityInformationAccess([cx509.AccessDescription(cx509.oid.AuthorityInformationAccessOID.OCSP, cx509.UniformResourceIdentifier("http://ocsp.example/"))]), False)
root_key, ca_key, signer_key, responder_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(4))
# pyHanko's own timestamper knows RSA only.
tsa_key, archive_key, forger_key = (rsa.generate_private_key(65537, 2048) for _ in range(3))
root = certificate("Root", root_key, "Root", root_key, 60 * YEAR, *CA)
ca = certificate("CA", ca_key, "Root", root_key, 10 * YEAR, *CA, LISTS)
signer = certificate("Signer", signer_key, "CA", ca_key, YEAR, usage("digital_signature", "content_commitment"), ASKED)
responder = certificate("Responder", responder_key, "CA", ca_key, YEAR, usage("digital_signature"),
                        (cx509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False), (cx509.OCSPNoCheck(), False))
tsa = certificate("TSA", tsa_key, "Root", root_key, 2 * YEAR, *STAMPS)
archive = certificate("Archive TSA", archive_key, "Root", root_key, 20 * YEAR, *STAMPS)
forger = certificate("Archive TSA", forger_key, "Root", forger_key, 20 * YEAR, *STAMPS)


def crl(issuer, key, until, *revoked, since=YESTERDAY, keeps=False):
    builder = cx509.CertificateRevocationListBuilder().issuer_name(issuer.subject).last_update(since).next_update(until)
    if keeps:
        # expiredCertsOnCRL (X.509): what has ended since then is still listed.
        day_before = (NOW - 30 * day).strftime("%Y%m%d%H%M%SZ").encode()
        value = b"\x18" + bytes([len(day_before)]) + day_before
        builder = builder.add_extension(cx509.UnrecognizedExtension(cx509.ObjectIdentifier("2.5.29.60"), value), False)
    builder = builder.add_extension(cx509.CRLNumber(1), False)
    builder = builder.add_extension(cx509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), False)
    for one, when, reason, *suspected in revoked:
        entry = cx509.RevokedCertificateBuilder().serial_number(one.serial_number).revocation_date(when)
        for since in suspected:
            entry = entry.add_extension(cx509.InvalidityDate(since), False)
        builder = builder.add_revoked_certificate(entry.add_extension(cx509.CRLReason(reason), False).build())
    return builder.sign(key, hashes.SHA256())


def clock(certificate, key):
    store = SimpleCertificateStore()
    store.register(x509.Certificate.load(der(root)))
    return timestamps.DummyTimeStamper(x509.Certificate.load(der(certificate)), private(key), store)


answer = ocsp.OCSPResponseBuilder().add_response(
    cert=signer, issuer=ca, algorithm=hashes.SHA1(), cert_status=ocsp.OCSPCertStatus.GOOD,
    this_update=NOW, next_update=NOW + 7 * day, revocation_time=None, revocation_reason=None,
).responder_id(ocsp.OCSPResponderEncoding.HASH, responder).certificates([responder]).sign(responder_key, hashes.SHA256())


def context():
    return ValidationContext(
        trust_roots=[x509.Certificate.load(der(root))], allow_fetching=False, revocation_mode="soft-fail",
        crls=[asn1_crl.CertificateList.load(der(crl(root, root_key, NOW + 30 * day)))],
        ocsps=[asn1_ocsp.OCSPResponse.load(der(answer))],
        other_certs=[x509.Certificate.load(der(one)) for one in (ca, tsa, archive)],
    )


def document():
    objects = {
        1: "<</Type /Catalog /Pages 2 0 R>>", 2: "<</Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 595 842]>>",
        3: "<</Type /Page /Parent 2 0 R /Contents 4 0 R /Resources <</Font <</F 5 0 R>>>>>>",
        4: "<</Length 44>>\nstream\nBT /F 14 Tf 72 700 Td (Certificate 0001) Tj ET\nendstream",
        5: "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>",
    }
    data, offsets = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in objects.items():
        offsets.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode()
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    data += "".join(f"{offset:010} 00000 n \n" for offset in offsets).encode()
    data += f"trailer\n<</Size {len(objects) + 1} /Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(data)


class Elsewhere(timestamps.DummyTimeStamper):
    """Stamps something else than it is asked for."""

    def __init__(self, certificate, key):
        like = clock(certificate, key)
        super().__init__(like.tsa_cert, like.tsa_key, like.certs_to_embed)

    async def async_timestamp(self, digest, algorithm):
        return await super().async_timestamp(bytes(len(digest)), algorithm)


def sign(data, stamped=True, by=None, **options):
    chain = SimpleCertificateStore()
    for one in (root, ca):
        chain.register(x509.Certificate.load(der(one)))
    who = signers.SimpleSigner(x509.Certificate.load(der(signer)), private(signer_key), chain)
    meta = signers.PdfSignatureMetadata(field_name="Seal", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES, **options)
    result = io.BytesIO()
    signers.PdfSigner(meta, signer=who, timestamper=(by or clock(tsa, tsa_key)) if stamped else None).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), output=result)
    return result.getvalue()


def stamp(data, by, key):
    result = io.BytesIO()
    meta = signers.PdfTimeStamper(clock(by, key))
    meta.timestamp_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), "sha256", validation_context=None, output=result)
    return result.getvalue()


(out / "root.der").write_bytes(der(root))
plain = document()
(out / "b.pdf").write_bytes(sign(plain, stamped=False))
(out / "stamped.pdf").write_bytes(stamp(plain, tsa, tsa_key))
(out / "t.pdf").write_bytes(sign(plain))
CONTENT = CAdESSignedAttrSpec(timestamp_content=True)
for name, by in {"content": None, "content-stranger": clock(forger, forger_key), "content-other": Elsewhere(tsa, tsa_key)}.items():
    (out / f"{name}.pdf").write_bytes(sign(plain, by=by, cades_signed_attr_spec=CONTENT))
lt = sign(plain, embed_validation_info=True, validation_context=context())
(out / "lt.pdf").write_bytes(lt)
lta = stamp(lt, archive, archive_key)
(out / "lta.pdf").write_bytes(lta)
(out / "lta-forged.pdf").write_bytes(stamp(lt, forger, forger_key))
(out / "lta-renewed.pdf").write_bytes(stamp(stamp(lt, tsa, tsa_key), archive, archive_key))
LONG, reason = NOW + 30 * YEAR * day, cx509.ReasonFlags
AFTER = NOW + (YEAR + 2) * day
lists = {
    "late": crl(ca, ca_key, LONG, since=AFTER), "late-kept": crl(ca, ca_key, LONG, since=AFTER, keeps=True),
    "good": crl(ca, ca_key, LONG), "root": crl(root, root_key, LONG),
    "before": crl(ca, ca_key, LONG, (signer, YESTERDAY, reason.key_compromise)),
    "between": crl(ca, ca_key, LONG, (signer, NOW - datetime.timedelta(seconds=1), reason.key_compromise)),
    "after": crl(ca, ca_key, LONG, (signer, NOW + day, reason.key_compromise)),
    "suspected": crl(ca, ca_key, LONG, (signer, NOW + day, reason.key_compromise, YESTERDAY)),
    "hold": crl(ca, ca_key, LONG, (signer, YESTERDAY, reason.certificate_hold)),
    "ca-after": crl(root, root_key, LONG, (ca, NOW + day, reason.ca_compromise)),
}
for which, one in lists.items():
    (out / f"{which}.crl").write_bytes(der(one))
(out / "times.json").write_text(json.dumps({
    which: int((NOW + days * day).timestamp())
    for which, days in {"signed": 0, "lists": 7, "list": 30, "signer": YEAR, "tsa": 2 * YEAR, "ca": 10 * YEAR, "archive": 20 * YEAR}.items()
}))
