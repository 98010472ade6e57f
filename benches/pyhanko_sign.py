"""CPU seconds that pyHanko needs in process to sign a file with a visible stamp, median of 15."""
import io
import statistics
import sys
import time

from asn1crypto import keys, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.stamp import TextStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

document, certificate, key = (open(path, "rb").read() for path in sys.argv[1:4])
store = SimpleCertificateStore()
signer = signers.SimpleSigner(
    x509.Certificate.load(certificate), keys.PrivateKeyInfo.load(key), store
)
pdf_signer = signers.PdfSigner(
    signers.PdfSignatureMetadata(
        field_name="Seal", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
    ),
    signer=signer,
    stamp_style=TextStampStyle(stamp_text="Seal"),
    new_field_spec=fields.SigFieldSpec("Seal", box=(50, 50, 163, 163)),
)
spent = []
for _ in range(15):
    begun = time.process_time()
    pdf_signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(document)), output=io.BytesIO())
    spent.append(time.process_time() - begun)
print(statistics.median(spent))
