"""Serves what certificates name, well and badly, on loopback, until its input ends.

usage: fetching.py OUT

Writes OUT/root.pem, OUT/document and for each manner NAME of serving OUT/NAME.p7s, a signature by somebody
whose certificate names `http://127.0.0.1:PORT/NAME` as the place of its list, or of its responder; then
OUT/ready with the port. `GET /hits` tells which paths were asked for at which addresses.
"""

import http.server
import json
import pathlib
import socketserver
import subprocess
import sys
import threading

from cryptography import x509 as cx509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID as Access
from small_pki import CA, NOW, YEAR, certificate, day, der, usage

out = pathlib.Path(sys.argv[1])
hits, stop = [], threading.Event()
serve = {}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.question = self.rfile.read(int(self.headers["content-length"]))
        self.answer()

    def answer(self):
        hits.append([self.connection.getsockname()[0], self.path])
        if self.path == "/hits":
            return self.give(json.dumps(hits).encode())
        try:
            serve.get(self.path.strip("/"), lambda to: to.give(b"", 404))(self)
        except OSError:
            pass

    def give(self, body, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin(self, length=None):
        self.send_response(200)
        if length:
            self.send_header("content-length", str(length))
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


# On every address, so that whoever goes where he should not is seen.
server = Server(("0.0.0.0", 0), Handler)
port = server.server_address[1]
here = f"http://127.0.0.1:{port}/"

root_key, ca_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
root = certificate("Fetching Root", root_key, "Fetching Root", root_key, 20 * YEAR, *CA)
ca = certificate("Fetching CA", ca_key, "Fetching Root", root_key, 10 * YEAR, *CA)
people = {}


def crl(*revoked):
    builder = cx509.CertificateRevocationListBuilder().issuer_name(ca.subject).last_update(NOW - day).next_update(NOW + day)
    builder = builder.add_extension(cx509.CRLNumber(1), False)
    for one in revoked:
        entry = cx509.RevokedCertificateBuilder().serial_number(one.serial_number).revocation_date(NOW - day)
        builder = builder.add_revoked_certificate(entry.build())
    return der(builder.sign(ca_key, hashes.SHA256()))


forger_key = ec.generate_private_key(ec.SECP256R1())
forger = certificate("Fetching CA", forger_key, "Fetching CA", forger_key, YEAR, *CA)


def responder(status, by=ca, key=ca_key):
    def answer(to):
        asked = ocsp.load_der_ocsp_request(to.question)
        who = next(one for one, _ in people.values() if one.serial_number == asked.serial_number)
        revoked = status == ocsp.OCSPCertStatus.REVOKED
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=who, issuer=ca, algorithm=hashes.SHA1(), cert_status=status, this_update=NOW, next_update=NOW + day,
            revocation_time=NOW - day if revoked else None, revocation_reason=None)
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, by)
        to.give(der(builder.sign(key, hashes.SHA256())), **{"content-type": "application/ocsp-response"})
    return answer


def redirect(where):
    return lambda to: to.give(b"", 302, location=where)


def endless(to):
    to.begin()
    while not stop.is_set():
        to.wfile.write(b"0" * 65536)


def slow(to):
    to.begin(1000)
    for _ in range(1000):
        to.wfile.write(b"0")
        to.wfile.flush()
        if stop.wait(0.2):
            break


def huge(to):
    to.begin(1 << 40)
    endless_part = b"0" * 65536
    while not stop.is_set():
        to.wfile.write(endless_part)


def silent(to):
    stop.wait()


# Name: how it is served, and what the certificate names: a list, or a responder.
manners = {
    "list": (lambda to: to.give(crl()), "list"),
    "list-revoked": (lambda to: to.give(crl(people["list-revoked"][0])), "list"),
    "answer": (responder(ocsp.OCSPCertStatus.GOOD), "answer"),
    "answer-revoked": (responder(ocsp.OCSPCertStatus.REVOKED), "answer"),
    "answer-forged": (responder(ocsp.OCSPCertStatus.GOOD, forger, forger_key), "answer"),
    "redirected": (redirect("/list"), "list"),
    "redirected-away": (redirect(f"http://127.0.0.2:{port}/list"), "list"),
    "redirected-to-metadata": (redirect("http://169.254.169.254/latest/meta-data"), "list"),
    "redirected-to-file": (redirect("file:///etc/passwd"), "list"),
    "redirected-in-circles": (redirect("/redirected-in-circles"), "list"),
    "endless": (endless, "list"),
    "huge": (huge, "list"),
    "slow": (slow, "list"),
    "silent": (silent, "list"),
    "absent": (lambda to: to.give(b"nothing", 404), "list"),
    "nonsense": (lambda to: to.give(b"<html>"), "list"),
    "other-host": (None, f"http://127.0.0.3:{port}/other-host"),
    "by-name": (None, f"http://localhost:{port}/list"),
    "directory": (None, "ldap://127.0.0.1/cn=list"),
}
(out / "document").write_text("Certificate 0001")
(out / "root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
(out / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
for manner, (how, what) in manners.items():
    if how:
        serve[manner] = how
    url = cx509.UniformResourceIdentifier(what if "://" in what else here + manner)
    if what == "answer":
        names = cx509.AuthorityInformationAccess([cx509.AccessDescription(Access.OCSP, url)])
    else:
        names = cx509.CRLDistributionPoints([cx509.DistributionPoint([url], None, None, None)])
    key = ec.generate_private_key(ec.SECP256R1())
    one = certificate(manner, key, "Fetching CA", ca_key, YEAR, usage("digital_signature", "content_commitment"), (names, False))
    people[manner] = (one, key)
    (out / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    (out / "signer.pem").write_bytes(one.public_bytes(serialization.Encoding.PEM))
    subprocess.run(["openssl", "cms", "-sign", "-cades", "-binary", "-in", out / "document", "-signer", out / "signer.pem",
                    "-inkey", out / "key.pem", "-certfile", out / "ca.pem", "-outform", "DER", "-out", out / f"{manner}.p7s"],
                   check=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
(out / "port").write_text(str(port))
(out / "port").rename(out / "ready")
sys.stdin.read()
stop.set()
