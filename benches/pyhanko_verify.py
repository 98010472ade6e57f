"""CPU seconds that pyHanko needs in process to validate a signed file, median of 15."""
import io
import statistics
import sys
import time

from asn1crypto import crl, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

document, root, revoked = (open(path, "rb").read() for path in sys.argv[1:4])
root, revoked = x509.Certificate.load(root), crl.CertificateList.load(revoked)
spent = []
for _ in range(15):
    begun = time.process_time()
    context = ValidationContext(trust_roots=[root], crls=[revoked], allow_fetching=False)
    for signature in PdfFileReader(io.BytesIO(document)).embedded_regular_signatures:
        status = validate_pdf_signature(signature, context)
        assert status.bottom_line, status.pretty_print_details()
    spent.append(time.process_time() - begun)
print(statistics.median(spent))
