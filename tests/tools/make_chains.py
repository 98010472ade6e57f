"""Makes certification paths of many kinds by openssl, and has OpenSSL's own validation judge each.

usage: make_chains.py OUT

Writes OUT/*.pem, OUT/*.crl (DER) and OUT/manifest.json: a list of {"name", "leaf", "others", "roots",
"crls", "at": seconds since 1970, "policies": those wanted, "openssl": whether it holds, "error": why not}. The library is asked
through ctypes, since `openssl verify` knows the SM2 identity of the end certificate only; and it knows
none for revocation lists at all, so those of SM2 keys are verified by `openssl dgst` and read by
`openssl crl`.
"""

import ctypes
import ctypes.util
import datetime
import json
import pathlib
import subprocess
import sys

out = pathlib.Path(sys.argv[1]).resolve()
out.mkdir(parents=True, exist_ok=True)

IDENTITY = b"1234567812345678"
SM2_WITH_SM3 = bytes.fromhex("06082a811ccf55018375")
AT = 1_790_000_000  # 2026-09-21
ALWAYS = ("20200101000000Z", "20400101000000Z")
PAST = ("20200101000000Z", "20250101000000Z")
FUTURE = ("20300101000000Z", "20400101000000Z")

# Key parameters, digest, and what a signature by such a key needs beside.
KINDS = {
    "p256": (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "sha256", []),
    "p384": (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], "sha384", []),
    "sm2": (["-algorithm", "SM2"], "sm3", ["-sigopt", f"distid:{IDENTITY.decode()}"]),
    "rsa": (["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "sha256", []),
    "pss": (
        ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        "sha256",
        ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"],
    ),
    "ed25519": (["-algorithm", "ED25519"], "null", []),
}

CA = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"]
LEAF = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature"]
KEYS = ["subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid"]


def run(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"openssl {' '.join(map(str, arguments))}\n{done.stderr}")


def key(kind, name):
    path = out / f"{kind}-{name}.key"
    if not path.exists():
        run("genpkey", *KINDS[kind][0], "-out", path)
    return path


class Authority:
    """Who signs: a certificate, its key, and what it has issued."""

    def __init__(self, name, subject, kind, private):
        self.name, self.subject, self.kind, self.private = name, subject, kind, private
        self.certificate = out / f"{name}.pem"
        self.revoked = []

    def config(self, extensions=(), name="x"):
        """A configuration for one act of `openssl ca`."""
        folder = out / "ca"
        folder.mkdir(exist_ok=True)
        index = "".join(
            f"R\t400101000000Z\t{when}{',' + reason if reason else ''}\t{serial:02X}\tunknown\t/CN=x\n"
            for serial, when, reason in self.revoked
        )
        (folder / "index.txt").write_text(index)
        (folder / "index.txt.attr").write_text("unique_subject = no\n")
        (folder / "crlnumber").write_text("01\n")
        (folder / "openssl.cnf").write_text(
            "[ca]\ndefault_ca=d\n[d]\n"
            f"database={folder}/index.txt\nnew_certs_dir={folder}\nserial={folder}/serial\n"
            f"crlnumber={folder}/crlnumber\ndefault_md={KINDS[self.kind][1]}\npolicy=p\n"
            "default_crl_days=1\nstring_mask=utf8only\n"
            "[p]\ncommonName=supplied\norganizationName=optional\n"
            "[c]\nauthorityKeyIdentifier=keyid\n"
            "[q]\ndistinguished_name=n\n[n]\n"
            "[x]\n" + "\n".join(extensions) + "\n"
        )
        return folder / "openssl.cnf"

    def issue(self, name, subject, kind, private, extensions, dates=ALWAYS, serial=2, own=False):
        """Issues a certificate to a key; `own`: to itself."""
        config = self.config(extensions)
        (out / "ca" / "serial").write_text(f"{serial:02X}\n")
        request = out / "ca" / "request.csr"
        own_needs = KINDS[kind][2]
        own_digest = KINDS[kind][1]
        digest = [] if own_digest == "null" else [f"-{own_digest}"]
        run("req", "-new", "-config", config, "-section", "q", "-utf8", "-key", private, *digest, *own_needs, "-subj", subject, "-out", request)
        identity = ["-vfyopt", f"distid:{IDENTITY.decode()}"] if kind == "sm2" else []
        issuer = ["-selfsign"] if own else ["-cert", self.certificate]
        target = out / f"{name}.pem"
        run(
            "ca", "-batch", "-notext", "-utf8", "-preserveDN", "-config", config, "-extensions", "x", *issuer,
            "-keyfile", self.private, *KINDS[self.kind][2], *identity, "-startdate", dates[0], "-enddate", dates[1],
            "-in", request, "-out", target,
        )
        return target

    def list(self, name, dates=ALWAYS):
        """Publishes a revocation list."""
        config = self.config()
        target = out / f"{name}.crl"
        run(
            "ca", "-gencrl", "-config", config, "-crlexts", "c", "-cert", self.certificate, "-keyfile", self.private,
            *KINDS[self.kind][2], "-crl_lastupdate", dates[0], "-crl_nextupdate", dates[1], "-out", f"{target}.pem",
        )
        run("crl", "-in", f"{target}.pem", "-outform", "DER", "-out", target)
        return target


crypto = ctypes.CDLL(ctypes.util.find_library("crypto"))
POINTER, LONG, INT, TEXT = ctypes.c_void_p, ctypes.c_long, ctypes.c_int, ctypes.c_char_p


def function(name, result, *arguments):
    found = getattr(crypto, name)
    found.restype, found.argtypes = result, arguments
    return found


d2i_x509 = function("d2i_X509", POINTER, POINTER, POINTER, LONG)
d2i_crl = function("d2i_X509_CRL", POINTER, POINTER, POINTER, LONG)
identity_of_x509 = function("X509_set0_distinguishing_id", None, POINTER, POINTER)
string_new = function("ASN1_OCTET_STRING_new", POINTER)
string_set = function("ASN1_OCTET_STRING_set", INT, POINTER, TEXT, INT)
stack_new = function("OPENSSL_sk_new_null", POINTER)
stack_push = function("OPENSSL_sk_push", INT, POINTER, POINTER)
store_new = function("X509_STORE_new", POINTER)
store_add = function("X509_STORE_add_cert", INT, POINTER, POINTER)
store_add_crl = function("X509_STORE_add_crl", INT, POINTER, POINTER)
context_new = function("X509_STORE_CTX_new", POINTER)
context_init = function("X509_STORE_CTX_init", INT, POINTER, POINTER, POINTER, POINTER)
parameters_of = function("X509_STORE_CTX_get0_param", POINTER, POINTER)
set_time = function("X509_VERIFY_PARAM_set_time", None, POINTER, LONG)
set_flags = function("X509_VERIFY_PARAM_set_flags", INT, POINTER, ctypes.c_ulong)
object_of = function("OBJ_txt2obj", POINTER, TEXT, INT)
add_policy = function("X509_VERIFY_PARAM_add0_policy", INT, POINTER, POINTER)
verify_cert = function("X509_verify_cert", INT, POINTER)
error_of = function("X509_STORE_CTX_get_error", INT, POINTER)
error_text = function("X509_verify_cert_error_string", TEXT, LONG)

CRL_CHECK, CRL_CHECK_ALL, POLICY_CHECK = 0x4, 0x8, 0x80


def elements(der):
    """The values within a sequence, whole."""
    found, at = [], 2 + (der[1] & 0x7F if der[1] & 0x80 else 0)
    while at < len(der):
        size, head = der[at + 1], 2
        if size & 0x80:
            head += size & 0x7F
            size = int.from_bytes(der[at + 2 : at + head], "big")
        found.append(der[at : at + head + size])
        at += head + size
    return found


def der_of(path):
    if path.suffix == ".pem":
        return subprocess.check_output(["openssl", "x509", "-in", path, "-outform", "DER"])
    return path.read_bytes()


def read(path, reader):
    data = der_of(path)
    buffer = ctypes.create_string_buffer(data, len(data))
    start = ctypes.c_void_p(ctypes.addressof(buffer))
    found = reader(None, ctypes.addressof(start), len(data))
    assert found, path
    return found


def certificate(path):
    found = read(path, d2i_x509)
    if SM2_WITH_SM3 in elements(der_of(path))[1]:
        text = string_new()
        string_set(text, IDENTITY, len(IDENTITY))
        identity_of_x509(found, text)
    return found


def judge(leaf, others, roots, crls, policies, sm2):
    """What OpenSSL says of a path; without its lists, where some are by SM2 keys."""
    store = store_new()
    for path in roots:
        store_add(store, certificate(path))
    for path in crls:
        store_add_crl(store, read(path, d2i_crl))
    untrusted = stack_new()
    for path in others:
        stack_push(untrusted, certificate(path))
    context = context_new()
    assert context_init(context, store, certificate(leaf), untrusted) == 1
    parameters = parameters_of(context)
    set_time(parameters, AT)
    set_flags(parameters, POLICY_CHECK | (0 if sm2 else CRL_CHECK | CRL_CHECK_ALL))
    for policy in policies:
        add_policy(parameters, object_of(policy.encode(), 1))
    holds = verify_cert(context) == 1
    return holds, error_text(error_of(context)).decode()


def status(path, issuer, kind, lists):
    """What is wrong with the status of a certificate by the lists of its issuer, if anything."""
    name = subprocess.check_output(["openssl", "x509", "-in", issuer, "-noout", "-subject"]).split(b"=", 1)[1]
    serial = subprocess.check_output(["openssl", "x509", "-in", path, "-noout", "-serial"], text=True).strip().split("=")[1]
    why = "no list"
    for one in lists:
        show = lambda *what: subprocess.check_output(["openssl", "crl", "-inform", "DER", "-in", one, "-noout", *what], text=True)
        if show("-issuer").encode().split(b"=", 1)[1] != name:
            continue
        signed, _, signature = elements(one.read_bytes())
        (out / "signed").write_bytes(signed)
        # A bit string of whole bytes: tag, length, the count of unused bits.
        value = signature[2 + (signature[1] & 0x7F if signature[1] & 0x80 else 0) + 1 :]
        (out / "signature").write_bytes(value)
        key_file = out / "public.pem"
        key_file.write_bytes(subprocess.check_output(["openssl", "x509", "-in", issuer, "-noout", "-pubkey"]))
        needs = ["-sigopt", f"distid:{IDENTITY.decode()}"] if kind == "sm2" else []
        good = subprocess.run(
            ["openssl", "dgst", f"-{KINDS[kind][1]}", "-verify", key_file, *needs, "-signature", out / "signature", out / "signed"],
            capture_output=True,
        )
        until = datetime.datetime.strptime(show("-nextupdate").strip().split("=")[1], "%b %d %H:%M:%S %Y %Z")
        if good.returncode:
            why = "forged list"
        elif until.timestamp() < AT:
            why = "stale list"
        elif f"Serial Number: {serial}\n" in show("-text"):
            return "revoked"
        else:
            return None
    return why


manifest = []


def enter(name, leaf, others, roots, crls, policies, kinds):
    sm2 = "sm2" in kinds[:2]
    holds, why = judge(leaf, others, roots, crls, policies, sm2)
    if holds and sm2:
        issuers = [*roots, *others]
        kinds = [kinds[0]] + [kinds[1]] * len(others)
        for path, issuer, kind in zip([*others, leaf], issuers, kinds):
            wrong = status(path, issuer, kind, crls)
            if wrong:
                holds, why = False, wrong
    names = lambda paths: [path.name for path in paths]
    manifest.append({
        "name": name, "leaf": leaf.name, "others": names(others), "roots": names(roots), "crls": names(crls),
        "at": AT, "policies": policies, "openssl": holds, "error": why,
    })


def altered(path, name):
    """The same certificate, with the last byte of its signature changed."""
    der = bytearray(der_of(path))
    der[-1] ^= 1
    target = out / f"{name}.der"
    target.write_bytes(der)
    run("x509", "-inform", "DER", "-in", target, "-out", out / f"{name}.pem")
    return out / f"{name}.pem"


def chain(label, kinds, case):
    """Root, authority and leaf of the given kinds, and what the case makes different."""
    of_root, of_ca, of_leaf = kinds
    name = f"{label}-{case}"
    root_subject, ca_subject, leaf_subject = "/O=Example/CN=Root", "/O=Example/CN=Authority 机构", "/O=Example/CN=Leaf"
    root = Authority(f"{name}-root", root_subject, of_root, key(of_root, "root"))
    root.issue(root.name, root_subject, of_root, root.private, CA + ["subjectKeyIdentifier=hash"], serial=1, own=True)
    ca_extensions, leaf_extensions, ca_dates, leaf_dates = CA + KEYS, LEAF + KEYS, ALWAYS, ALWAYS
    if case == "authority-expired":
        ca_dates = PAST
    elif case == "leaf-expired":
        leaf_dates = PAST
    elif case == "leaf-not-yet":
        leaf_dates = FUTURE
    elif case == "authority-is-none":
        ca_extensions = ["basicConstraints=critical,CA:FALSE"] + CA[1:] + KEYS
    elif case == "authority-says-nothing":
        ca_extensions = CA[1:] + KEYS
    elif case == "authority-may-not-sign":
        ca_extensions = CA[:1] + ["keyUsage=critical,cRLSign"] + KEYS
    elif case == "critical-unknown":
        leaf_extensions = LEAF + KEYS + ["1.2.3.4.5=critical,ASN1:NULL"]
    elif case == "unknown-extension":
        leaf_extensions = LEAF + KEYS + ["1.2.3.4.5=ASN1:NULL"]
    elif case == "name-permitted":
        ca_extensions = CA + KEYS + ["nameConstraints=critical,permitted;dirName:s\n[s]\nO=Example"]
    elif case == "name-outside":
        ca_extensions = CA + KEYS + ["nameConstraints=critical,permitted;dirName:s\n[s]\nO=Elsewhere"]
    elif case == "name-excluded":
        ca_extensions = CA + KEYS + ["nameConstraints=critical,excluded;dirName:s\n[s]\nO=Example"]
    elif case == "policy-missing":
        ca_extensions = CA + KEYS + ["policyConstraints=critical,requireExplicitPolicy:0"]
    elif case in ("policy-there", "policy-other"):
        ca_extensions = CA + KEYS + ["policyConstraints=critical,requireExplicitPolicy:0", "certificatePolicies=1.2.3.4"]
        leaf_extensions = LEAF + KEYS + ["certificatePolicies=1.2.3.4"]
    elif case in ("path-too-long", "longer-path"):
        length = 0 if case == "path-too-long" else 1
        ca_extensions = [f"basicConstraints=critical,CA:TRUE,pathlen:{length}"] + CA[1:] + KEYS
    ca = Authority(f"{name}-ca", ca_subject, of_ca, key(of_ca, "ca"))
    root.issue(ca.name, ca_subject, of_ca, ca.private, ca_extensions, ca_dates)
    others = [ca.certificate]
    issuer, lists = ca, []
    if case in ("path-too-long", "longer-path"):
        issuer = Authority(f"{name}-below", "/O=Example/CN=Below", of_ca, key(of_ca, "below"))
        ca.issue(issuer.name, issuer.subject, of_ca, issuer.private, CA + KEYS, serial=7)
        others.append(issuer.certificate)
        lists.append(ca.list(f"{name}-between"))
    leaf = issuer.issue(f"{name}-leaf", leaf_subject, of_leaf, key(of_leaf, "leaf"), leaf_extensions, leaf_dates, serial=5)
    if case == "signature-altered":
        leaf = altered(leaf, f"{name}-altered")
    roots = [root.certificate]
    if case == "other-root":
        # Of the same name, with another key.
        other = Authority(f"{name}-other", root_subject, of_root, key(of_root, "other"))
        other.issue(other.name, root_subject, of_root, other.private, CA + ["subjectKeyIdentifier=hash"], serial=1, own=True)
        roots = [other.certificate]
    revoked = {"leaf-revoked": (issuer, 5, "250601000000Z", "keyCompromise"), "authority-revoked": (root, 2, "250601000000Z", "CACompromise"),
               "leaf-on-hold": (issuer, 5, "250601000000Z", "certificateHold"), "another-revoked": (issuer, 6, "250601000000Z", ""),
               "leaf-revoked-later": (issuer, 5, "270601000000Z", "superseded")}
    if case in revoked:
        who, *entry = revoked[case]
        who.revoked.append(tuple(entry))
    lists.append(root.list(f"{name}-of-root"))
    if case == "list-stale":
        lists.append(issuer.list(f"{name}-of-ca", PAST))
    elif case == "list-forged":
        forger = Authority(f"{name}-forger", ca_subject, of_ca, key(of_ca, "other"))
        forger.issue(forger.name, ca_subject, of_ca, forger.private, CA + KEYS, own=True)
        lists.append(forger.list(f"{name}-of-ca"))
    elif case != "list-missing":
        lists.append(issuer.list(f"{name}-of-ca"))
    policies = {"policy-there": ["1.2.3.4"], "policy-missing": ["1.2.3.4"], "policy-other": ["1.2.3.5"]}
    enter(name, leaf, others, roots, lists, policies.get(case, []), kinds)


CASES = [
    "good", "longer-path", "path-too-long", "leaf-expired", "leaf-not-yet", "authority-expired", "authority-is-none",
    "authority-says-nothing", "authority-may-not-sign", "critical-unknown", "unknown-extension", "name-permitted", "name-outside",
    "name-excluded", "policy-missing", "policy-there", "policy-other", "signature-altered", "other-root", "leaf-revoked", "authority-revoked",
    "leaf-on-hold", "another-revoked", "leaf-revoked-later", "list-stale", "list-forged", "list-missing",
]
for label, kinds in {
    "sm2": ("sm2", "sm2", "sm2"),
    "p256": ("p256", "p256", "p256"),
    "sm2-above-p256": ("sm2", "p256", "p256"),
    "p256-above-sm2": ("p256", "sm2", "sm2"),
}.items():
    for case in CASES:
        chain(label, kinds, case)
for label, kinds in {
    "p384": ("p384", "p384", "p256"),
    "rsa": ("rsa", "rsa", "rsa"),
    "pss": ("pss", "pss", "p256"),
    "ed25519": ("ed25519", "ed25519", "p256"),
}.items():
    for case in ("good", "signature-altered", "leaf-revoked", "list-forged"):
        chain(label, kinds, case)
(out / "manifest.json").write_text(json.dumps(manifest))
