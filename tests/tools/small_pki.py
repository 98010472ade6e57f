"""A small PKI for tests: names, usages and certificates from thirty days ago on."""

import datetime

from asn1crypto import keys
from cryptography import x509 as cx509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

day = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def name(text):
    return cx509.Name([cx509.NameAttribute(NameOID.COMMON_NAME, text)])


def usage(*wanted):
    every = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return cx509.KeyUsage(**{one: one in wanted for one in every}), True


def certificate(subject, key, issuer, issuer_key, days, *extensions):
    builder = cx509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
    builder = builder.serial_number(cx509.random_serial_number()).not_valid_before(NOW - 30 * day).not_valid_after(NOW + days * day)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    builder = builder.add_extension(cx509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    builder = builder.add_extension(cx509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False)
    return builder.sign(issuer_key, hashes.SHA256())


def der(thing):
    return thing.public_bytes(serialization.Encoding.DER)


def private(key):
    kind = serialization.PrivateFormat.PKCS8
    return keys.PrivateKeyInfo.load(key.private_bytes(serialization.Encoding.DER, kind, serialization.NoEncryption()))


YEAR = 365
CA = ((cx509.BasicConstraints(True, None), True), usage("key_cert_sign", "crl_sign"))
