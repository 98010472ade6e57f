"""Makes PDF files that pyHanko signs, with a PKI of their own, for the verification of changes.

usage: pdf_parties.py OUT [--only-sign] [FILE…]

Writes OUT/root.der, OUT/root.crl, OUT/contract.pdf (unsigned, with a form, annotations, layers and
an attachment), OUT/*.pdf and OUT/manifest.json: a list of {"name", "signatures", "level": how far
the file was changed after its first signature}. Every FILE is signed as well. With --only-sign
each FILE is signed invisibly (certified without changes, where its name begins with "final-") and
once more given a new title, and nothing else is made.
"""

import datetime
import io
import json
import pathlib
import sys

from asn1crypto import crl as asn1_crl
from asn1crypto import algos, keys, x509
from cryptography import x509 as cx509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import RawContent
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.sign import fields, signers, timestamps
from pyhanko.stamp import TextStampStyle
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
manifest = []

# ---- the parties

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
LATER = datetime.datetime(2046, 1, 1, tzinfo=datetime.timezone.utc)


def name(text):
    return cx509.Name([cx509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), cx509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject, key, issuer, issuer_key, *extensions):
    builder = cx509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer))
    builder = builder.public_key(key.public_key()).serial_number(cx509.random_serial_number())
    builder = builder.not_valid_before(NOW).not_valid_after(LATER)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    identifier = cx509.SubjectKeyIdentifier.from_public_key(key.public_key())
    authority = cx509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = builder.add_extension(identifier, False).add_extension(authority, False)
    return builder.sign(issuer_key, hashes.SHA256())


def usage(*wanted):
    every = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return cx509.KeyUsage(**{one: one in wanted for one in every}), True


root_key, signer_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
# pyHanko's own timestamper knows RSA only.
rsa_key, tsa_key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
root = certificate("Root", root_key, "Root", root_key, (cx509.BasicConstraints(True, None), True), usage("key_cert_sign", "crl_sign"))
signer = certificate("Signer", signer_key, "Root", root_key, usage("digital_signature", "content_commitment"))
rsa_signer = certificate("RSA signer", rsa_key, "Root", root_key, usage("digital_signature", "content_commitment"))
tsa = certificate("TSA", tsa_key, "Root", root_key, usage("digital_signature"),
                  (cx509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True))
crl = cx509.CertificateRevocationListBuilder().issuer_name(root.subject).last_update(NOW).next_update(LATER)
crl = crl.add_extension(cx509.CRLNumber(1), False)
crl = crl.add_extension(cx509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), False)
crl = crl.sign(root_key, hashes.SHA256())


def der(thing):
    return thing.public_bytes(serialization.Encoding.DER)


def private(key):
    kind = serialization.PrivateFormat.PKCS8
    return keys.PrivateKeyInfo.load(key.private_bytes(serialization.Encoding.DER, kind, serialization.NoEncryption()))


(out / "root.der").write_bytes(der(root))
(out / "root.crl").write_bytes(der(crl))
store = SimpleCertificateStore()
store.register(x509.Certificate.load(der(root)))
party = signers.SimpleSigner(x509.Certificate.load(der(signer)), private(signer_key), store)
rsa_party = signers.SimpleSigner(x509.Certificate.load(der(rsa_signer)), private(rsa_key), store)
sha256 = {"algorithm": "sha256"}
pss = algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": {
    "hash_algorithm": sha256, "salt_length": 32, "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": sha256}}})
pss_party = signers.SimpleSigner(x509.Certificate.load(der(rsa_signer)), private(rsa_key), store, signature_mechanism=pss)
clock = timestamps.DummyTimeStamper(x509.Certificate.load(der(tsa)), private(tsa_key), store)


def context():
    return ValidationContext(
        trust_roots=[x509.Certificate.load(der(root))], allow_fetching=False, revocation_mode="soft-fail",
        crls=[asn1_crl.CertificateList.load(der(crl))], other_certs=[x509.Certificate.load(der(tsa))],
    )


# ---- the contract

def contract():
    stream = lambda data, extra="": f"<<{extra} /Length {len(data)}>>\nstream\n{data}\nendstream"
    form = lambda data: stream(data, "/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources <</Font <</Helv 8 0 R>>>>")
    page = lambda content, annotations: (
        f"<</Type /Page /Parent 2 0 R /Contents {content} 0 R /Annots [{annotations}]"
        " /Resources <</Font <</F1 8 0 R>> /XObject <</Im1 10 0 R>> /Properties <</Layer 33 0 R>>>>>>"
    )
    text = lambda number: stream(
        f"BT /F1 14 Tf 72 700 Td (Page {number}: the rent is 1000 a month) Tj ET\n"
        "q 60 0 0 60 400 600 cm /Im1 Do Q\n/OC /Layer BDC BT /F1 9 Tf 72 60 Td (draft) Tj ET EMC"
    )
    widget = "/Type /Annot /Subtype /Widget /F 4"
    objects = {
        1: "<</Type /Catalog /Pages 2 0 R /AcroForm 20 0 R /Names 30 0 R /Metadata 31 0 R /Outlines 32 0 R"
           " /OCProperties <</OCGs [33 0 R] /D <</ON [33 0 R]>>>> /ViewerPreferences <</DisplayDocTitle true>>>>",
        2: "<</Type /Pages /Kids [3 0 R 4 0 R 5 0 R] /Count 3 /MediaBox [0 0 595 842]>>",
        3: page(6, "21 0 R 22 0 R 23 0 R 36 0 R 37 0 R 38 0 R"),
        4: page(7, "24 0 R 34 0 R 35 0 R"),
        5: page(11, ""),
        6: text(1), 7: text(2), 11: text(3),
        8: "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding 9 0 R>>",
        9: "<</Type /Encoding /BaseEncoding /WinAnsiEncoding>>",
        10: stream("\x80" * 12, "/Type /XObject /Subtype /Image /Width 2 /Height 2 /ColorSpace /DeviceRGB /BitsPerComponent 8"),
        20: "<</Fields [21 0 R 22 0 R 23 0 R 24 0 R 25 0 R] /DA (/Helv 10 Tf 0 g) /DR <</Font <</Helv 8 0 R>>>>>>",
        21: f"<</FT /Tx /T (tenant) /V (Zhang San) {widget} /Rect [72 500 272 520] /P 3 0 R /AP <</N 26 0 R>>>>",
        22: f"<</FT /Tx /T (deposit) {widget} /Rect [72 460 272 480] /P 3 0 R /AP <</N 27 0 R>>>>",
        23: f"<</FT /Btn /T (agree) /V /Off /AS /Off {widget} /Rect [72 430 90 448] /P 3 0 R /AP <</N <</Yes 28 0 R /Off 29 0 R>>>>>>",
        24: f"<</FT /Sig /T (Landlord) {widget} /Rect [72 300 272 380] /P 4 0 R>>",
        25: "<</T (group) /Kids [34 0 R 35 0 R]>>",
        34: f"<</FT /Tx /T (a) /Parent 25 0 R {widget} /Rect [72 500 272 520] /P 4 0 R>>",
        35: f"<</FT /Tx /T (b) /Parent 25 0 R {widget} /Rect [72 460 272 480] /P 4 0 R>>",
        26: form("/Tx BMC BT /Helv 10 Tf 2 5 Td (Zhang San) Tj ET EMC"),
        27: form("/Tx BMC EMC"), 28: form("BT /Helv 10 Tf 2 5 Td (X) Tj ET"), 29: form(""),
        30: "<</Dests <</Names [(start) [3 0 R /Fit]]>> /EmbeddedFiles <</Names [(plan.txt) 39 0 R]>>>>",
        31: stream("<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></x:xmpmeta>", "/Type /Metadata /Subtype /XML"),
        32: "<</Type /Outlines /Count 0>>",
        33: "<</Type /OCG /Name (draft)>>",
        36: "<</Type /Annot /Subtype /Link /Rect [72 650 200 670] /Border [0 0 0] /A <</S /URI /URI (https://a.example/)>>>>",
        37: "<</Type /Annot /Subtype /Text /Rect [500 780 520 800] /Contents (a note) /T (clerk)>>",
        38: "<</Type /Annot /Subtype /FreeText /Rect [300 60 500 80] /Contents (final) /DA (/Helv 10 Tf 0 g) /AP <</N 42 0 R>>>>",
        39: "<</Type /Filespec /F (plan.txt) /EF <</F 43 0 R>>>>",
        # What nothing refers to: another content and another page.
        40: text(9), 41: page(40, ""),
        42: form("BT /Helv 10 Tf 2 5 Td (final) Tj ET"),
        43: stream("the plan", "/Type /EmbeddedFile"),
        44: "<</Title (Contract) /Producer (by hand)>>",
    }
    data, offsets = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), {}
    for number, body in sorted(objects.items()):
        offsets[number] = len(data)
        data += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start, size = len(data), max(objects) + 1
    data += f"xref\n0 {size}\n".encode()
    for number in range(size):
        row = f"{offsets[number]:010} 00000 n \n" if number in offsets else "0000000000 65535 f \n"
        data += row.encode()
    data += f"trailer\n<</Size {size} /Root 1 0 R /Info 44 0 R /ID [<0102> <0102>]>>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(data)


# ---- what is done to files

def sign(data, field, visible=None, by=party, style=None, **options):
    options.setdefault("subfilter", fields.SigSeedSubFilter.PADES)
    meta = signers.PdfSignatureMetadata(field_name=field, md_algorithm="sha256", **options)
    stamper = clock if options.get("use_pades_lta") or options.get("embed_validation_info") else None
    spec = fields.SigFieldSpec(field, on_page=0, box=visible) if visible else None
    style = style or (TextStampStyle(stamp_text="signed") if visible else None)
    result = io.BytesIO()
    signer = signers.PdfSigner(meta, signer=by, timestamper=stamper, new_field_spec=spec, stamp_style=style)
    signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data), strict=False), output=result)
    return result.getvalue()


def stamp(data):
    result = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
    signers.PdfTimeStamper(clock).timestamp_pdf(writer, "sha256", validation_context=context(), output=result)
    return result.getvalue()


def field_of(writer, wanted):
    form = writer.root["/AcroForm"]
    open_fields = [(reference, "") for reference in form.raw_get("/Fields")]
    for reference, above in open_fields:
        field = reference.get_object()
        full = (above + "." if above else "") + str(field.get("/T", ""))
        if full == wanted:
            return field, reference
        open_fields += [(kid, full) for kid in field.get("/Kids", [])] if "/Kids" in field else []
    raise KeyError(wanted)


def fill(data, which, value, drawn=True, in_place=False):
    writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
    field, reference = field_of(writer, which)
    if field.get("/FT") == "/Btn":
        field[pdf_name("/V")] = field[pdf_name("/AS")] = pdf_name("/" + value)
    else:
        field[pdf_name("/V")] = generic.pdf_string(value)
    if drawn and field.get("/FT") == "/Tx":
        box = generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 200, 20)])
        font = writer.root["/AcroForm"]["/DR"]["/Font"].raw_get("/Helv")
        look = generic.StreamObject(
            {pdf_name("/Type"): pdf_name("/XObject"), pdf_name("/Subtype"): pdf_name("/Form"), pdf_name("/BBox"): box,
             pdf_name("/Resources"): generic.DictionaryObject({pdf_name("/Font"): generic.DictionaryObject({pdf_name("/Helv"): font})})},
            stream_data=f"/Tx BMC BT /Helv 10 Tf 2 5 Td ({value}) Tj ET EMC".encode(),
        )
        if in_place and "/AP" in field:
            old = field["/AP"].raw_get("/N")
            target = old.get_object()
            target._data, target._encoded_data = look._data, None
            writer.mark_update(old)
        else:
            field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(look)})
    writer.mark_update(reference)
    result = io.BytesIO()
    writer.write(result)
    return result.getvalue()


def note(data, subtype="/Text", corners=(500, 700, 520, 720), **more):
    writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
    page, _ = writer.find_page_for_modification(0)
    page = page.get_object()
    rectangle = generic.ArrayObject([generic.NumberObject(n) for n in corners])
    annotation = generic.DictionaryObject({
        pdf_name("/Type"): pdf_name("/Annot"), pdf_name("/Subtype"): pdf_name(subtype), pdf_name("/Rect"): rectangle,
        pdf_name("/Contents"): generic.pdf_string("seen"), **{pdf_name("/" + key): value for key, value in more.items()},
    })
    if "/Annots" in page:
        page["/Annots"].append(writer.add_object(annotation))
        writer.update_container(page["/Annots"])
    else:
        page[pdf_name("/Annots")] = generic.ArrayObject([writer.add_object(annotation)])
        writer.update_container(page)
    result = io.BytesIO()
    writer.write(result)
    return result.getvalue()


def retitle(data):
    writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
    writer.set_info(generic.DictionaryObject({pdf_name("/Title"): generic.pdf_string("another title")}))
    result = io.BytesIO()
    writer.write(result)
    return result.getvalue()


def enter(which, data, signatures, level="none"):
    (out / f"{which}.pdf").write_bytes(data)
    manifest.append({"name": which, "signatures": signatures, "level": level})


BOX = (300, 100, 500, 160)
BOX2 = (72, 100, 272, 160)
LONG = {"use_pades_lta": True, "embed_validation_info": True}


def levels(tag, source, has_form):
    """Everything that may be done, on one document."""
    first = sign(source, "Tenant", BOX)
    enter(f"{tag}-b", first, 1)
    enter(f"{tag}-invisible", sign(source, "Tenant"), 1)
    enter(f"{tag}-older", sign(source, "Tenant", BOX, subfilter=fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED), 1)
    enter(f"{tag}-rsa", sign(source, "Tenant", BOX, by=rsa_party), 1)
    enter(f"{tag}-pss", sign(source, "Tenant", BOX, by=pss_party), 1)
    lt = sign(source, "Tenant", BOX, embed_validation_info=True, validation_context=context())
    enter(f"{tag}-lt", lt, 1, "long-term-validation")
    lta = sign(source, "Tenant", BOX, validation_context=context(), **LONG)
    enter(f"{tag}-lta", lta, 2, "long-term-validation")
    enter(f"{tag}-lta-renewed", stamp(lta), 3, "long-term-validation")
    enter(f"{tag}-stamped", stamp(first), 2, "long-term-validation")
    enter(f"{tag}-retitled", retitle(first), 1, "long-term-validation")
    twice = sign(first, "Second", BOX2)
    enter(f"{tag}-twice", twice, 2, "form-filling")
    enter(f"{tag}-thrice", sign(twice, "Third"), 3, "form-filling")
    enter(f"{tag}-lta-twice", sign(lta, "Second", BOX2), 3, "form-filling")
    enter(f"{tag}-noted", note(first), 1, "annotations")
    enter(f"{tag}-highlighted", note(first, "/Highlight", (72, 700, 300, 720), QuadPoints=generic.ArrayObject(
        [generic.NumberObject(n) for n in (72, 720, 300, 720, 72, 700, 300, 700)])), 1, "annotations")
    for level, permission in enumerate(fields.MDPPerm, 1):
        certified = sign(source, "Author", BOX, certify=True, docmdp_permissions=permission)
        enter(f"{tag}-certified-{level}", certified, 1)
        enter(f"{tag}-certified-{level}-stamped", stamp(certified), 2, "long-term-validation")
        if level == 1:
            continue
        enter(f"{tag}-certified-{level}-approved", sign(certified, "Approval"), 2, "form-filling")
        if has_form:
            enter(f"{tag}-certified-{level}-field", sign(certified, "Landlord"), 2, "form-filling")
            filled = fill(certified, "deposit", "2000")
            enter(f"{tag}-certified-{level}-filled", filled, 1, "form-filling")
            enter(f"{tag}-certified-{level}-filled-signed", sign(filled, "Landlord"), 2, "form-filling")
        if level == 3:
            enter(f"{tag}-certified-3-noted", note(certified), 1, "annotations")
    if not has_form:
        return
    enter(f"{tag}-field", sign(first, "Landlord"), 2, "form-filling")
    patch = RawContent(b"q 1 g 0 0 200 20 re f Q", box=BoxConstraints(200, 20))
    patch = TextStampStyle(stamp_text="9000", background=patch, background_opacity=1)
    for name, letters in {"patched": "1 g", "greyed": "0.88 g"}.items():
        # What was hidden is set anew upon the patch.
        again = f"q {letters} 0 0 200 20 re f 0 g 2 5 m 4 15 l 8 5 m 10 15 l 14 5 m 16 15 l 20 5 m 22 15 l 26 5 m 28 15 l S Q"
        again = RawContent(again.encode(), box=BoxConstraints(200, 20))
        again = TextStampStyle(stamp_text="9000 a month", background=again, background_opacity=1)
        (out / f"{tag}-{name}.pdf").write_bytes(sign(first, "Second", (180, 692, 380, 712), style=again))
    (out / f"{tag}-covered.pdf").write_bytes(sign(first, "Second", (180, 692, 380, 712), style=patch))
    filled = fill(first, "deposit", "2000")
    enter(f"{tag}-filled", filled, 1, "form-filling")
    enter(f"{tag}-filled-in-place", fill(first, "deposit", "2000", in_place=True), 1, "form-filling")
    enter(f"{tag}-filled-undrawn", fill(first, "group.a", "x", drawn=False), 1, "form-filling")
    enter(f"{tag}-ticked", fill(first, "agree", "Yes"), 1, "form-filling")
    enter(f"{tag}-filled-twice", fill(fill(filled, "group.b", "y"), "agree", "Yes"), 1, "form-filling")
    enter(f"{tag}-filled-signed", sign(filled, "Landlord"), 2, "form-filling")
    lock = fields.FieldMDPSpec(fields.FieldMDPAction.INCLUDE, fields=["tenant"])
    writer = IncrementalPdfFileWriter(io.BytesIO(source), strict=False)
    fields.append_signature_field(writer, fields.SigFieldSpec("Locking", on_page=0, box=BOX, field_mdp_spec=lock))
    prepared = io.BytesIO()
    writer.write(prepared)
    locked = sign(prepared.getvalue(), "Locking")
    enter(f"{tag}-locking", locked, 1)
    enter(f"{tag}-locking-filled", fill(locked, "deposit", "2000"), 1, "form-filling")
    (out / f"{tag}-locking-broken.pdf").write_bytes(fill(locked, "tenant", "Li Si"))


if sys.argv[2:3] == ["--only-sign"]:
    for path in map(pathlib.Path, sys.argv[3:]):
        final = {"certify": True, "docmdp_permissions": fields.MDPPerm.NO_CHANGES} if path.stem.startswith("final-") else {}
        signed = sign(path.read_bytes(), "Tenant", **final)
        (out / path.name).write_bytes(signed)
        (out / f"{path.stem}-retitled.pdf").write_bytes(retitle(signed))
    sys.exit()

plain = contract()
(out / "contract.pdf").write_bytes(plain)
levels("contract", plain, True)
for path in map(pathlib.Path, sys.argv[2:]):
    levels(path.stem, path.read_bytes(), False)
(out / "manifest.json").write_text(json.dumps(manifest))
