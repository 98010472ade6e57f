"""Makes answers of OCSP responders, right ones and wrong ones, and asks `openssl ocsp` about each.

usage: make_answers.py OUT

Writes OUT/root.der, OUT/ca.der, OUT/leaf.der, OUT/*.ocsp and OUT/manifest.json: a list of {"name", "openssl":
"good", "revoked", "unknown" or what it has against the answer}.
"""

import datetime
import json
import pathlib
import subprocess
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

out = pathlib.Path(sys.argv[1]).resolve()
out.mkdir(parents=True, exist_ok=True)
day = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) - datetime.timedelta(seconds=5)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject, key, issuer, issuer_key, *extensions, days=(-30, 300)):
    builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(NOW + days[0] * day).not_valid_after(NOW + days[1] * day)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    made = builder.sign(issuer_key, hashes.SHA256())
    (out / f"{subject}.der").write_bytes(made.public_bytes(serialization.Encoding.DER))
    (out / f"{subject}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return made


every = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
CA = ((x509.BasicConstraints(True, None), True), (x509.KeyUsage(**{one: one in ("key_cert_sign", "crl_sign") for one in every}), True))
ANSWERS = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)
UNASKED = (x509.OCSPNoCheck(), False)
root_key, ca_key, leaf_key, key, other_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(5))
root = certificate("root", root_key, "root", root_key, *CA)
ca = certificate("ca", ca_key, "root", root_key, *CA)
asked = x509.AccessDescription(x509.oid.AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://ocsp.example/"))
leaf = certificate("leaf", leaf_key, "ca", ca_key, (x509.AuthorityInformationAccess([asked]), False))
other_leaf = certificate("other-leaf", leaf_key, "ca", ca_key)
responder = certificate("responder", key, "ca", ca_key, ANSWERS, UNASKED)
manifest = []


def answer(which, by=responder, by_key=key, about=leaf, digest=hashes.SHA1, status="good", until=7, since=-1, hashed=True, held=True, alter=False):
    revoked = status == "revoked"
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=about, issuer=ca, algorithm=digest(), cert_status=getattr(ocsp.OCSPCertStatus, status.upper()), this_update=NOW + since * day,
        next_update=NOW + until * day, revocation_time=NOW - 3 * day if revoked else None,
        revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
    ).responder_id(ocsp.OCSPResponderEncoding.HASH if hashed else ocsp.OCSPResponderEncoding.NAME, by)
    if held:
        builder = builder.certificates([by])
    der = bytearray(builder.sign(by_key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))
    if alter:
        # The day of thisUpdate.
        at = der.index((NOW + since * day).strftime("%Y%m%d%H%M%SZ").encode())
        der[at + 7] ^= 1
    target = out / f"{which}.ocsp"
    target.write_bytes(der)
    said = subprocess.run(
        ["openssl", "ocsp", f"-{digest.name}", "-respin", target, "-issuer", out / "ca.pem", "-cert", out / "leaf.pem", "-CAfile", out / "root.pem", "-no_nonce"],
        capture_output=True, text=True,
    )
    said = said.stdout + said.stderr
    states = [state for state in ("good", "revoked", "unknown") if f"leaf.pem: {state}" in said]
    if "Response verify OK" not in said:
        states = ["not verified"]
    elif "Status times invalid" in said:
        states = ["out of date"]
    manifest.append({"name": which, "openssl": (states or ["about another"])[0]})


answer("good")
answer("good-by-name", hashed=False)
answer("good-sha256", digest=hashes.SHA256)
answer("good-by-the-issuer", by=ca, by_key=ca_key)
answer("revoked", status="revoked")
answer("unknown", status="unknown")
answer("stale", since=-20, until=-10)
answer("about-another", about=other_leaf)
answer("altered", alter=True)
unfit = certificate("unfit", other_key, "ca", ca_key, UNASKED)
answer("responder-without-usage", by=unfit, by_key=other_key)
stranger = certificate("stranger", other_key, "root", root_key, ANSWERS, UNASKED)
answer("responder-of-another-issuer", by=stranger, by_key=other_key)
self_made = certificate("self-made", other_key, "ca", other_key, ANSWERS, UNASKED)
answer("responder-self-made", by=self_made, by_key=other_key)
ended = certificate("ended", other_key, "ca", ca_key, ANSWERS, UNASKED, days=(-30, -2))
answer("responder-ended", by=ended, by_key=other_key)
(out / "manifest.json").write_text(json.dumps(manifest))
