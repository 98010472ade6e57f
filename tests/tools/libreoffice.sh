#!/usr/bin/env bash
# Makes test-vectors/sealed/libreoffice-*.pdf: one document that LibreOffice writes and signs in four
# ways, with keys made for it and thrown away. Needs libreoffice-writer, libnss3-tools and openssl;
# the tests do not run it.
set -euo pipefail
out=$(realpath "$(dirname "$0")/../../test-vectors/sealed")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HOME=$work MOZILLA_CERTIFICATE_FOLDER=sql:$work/nss
mkdir nss
openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 999 -subj /C=CN/CN=Root \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
openssl req -newkey rsa:2048 -nodes -keyout signer.key -out signer.csr -subj /C=CN/CN=Signer
printf 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature,nonRepudiation\n' >signer.ext
openssl x509 -req -in signer.csr -CA root.pem -CAkey root.key -days 900 -set_serial 7 \
    -extfile signer.ext -out signer.pem
openssl pkcs12 -export -inkey signer.key -in signer.pem -certfile root.pem -name Signer \
    -passout pass:x -out signer.p12
certutil -N -d sql:nss --empty-password
pk12util -i signer.p12 -d sql:nss -W x
certutil -A -d sql:nss -n Root -t CT,C,C -i root.pem
cat >contract.html <<'HTML'
<html><body><h1>租赁合同 Tenancy agreement</h1><p>The rent is <b>1000</b> a month.</p>
<table border="1"><tr><td>Tenant</td><td>Zhang San</td></tr><tr><td>Landlord</td><td>Li Si</td></tr></table>
<form action="https://a.example/"><p>Deposit <input type="text" name="deposit" value="">
Agreed <input type="checkbox" name="agree"></p></form></body></html>
HTML
soffice --headless --infilter='HTML (StarWriter)' --convert-to odt:writer8 contract.html
sign() {
    options='"SignPDF":{"type":"boolean","value":"true"}'
    options+=',"SignCertificateSubjectName":{"type":"string","value":"CN=Signer,C=CN"}'
    soffice --headless --convert-to "pdf:writer_pdf_Export:{$options$2}" contract.odt
    mv contract.pdf "$out/libreoffice-$1.pdf"
}
option() { echo ",\"$1\":{\"type\":\"$2\",\"value\":\"$3\"}"; }
untagged=$(option UseTaggedPDF boolean false)
sign plain "$untagged$(option ExportFormFields boolean false)"
sign form "$untagged$(option ExportFormFields boolean true)"
sign tagged "$(option UseTaggedPDF boolean true)$(option PDFUACompliance boolean true)"
sign archive "$(option SelectPdfVersion long 2)"
cp root.pem "$out/libreoffice-root.pem"
