"""Makes OFD packages of many makers' habits into a folder, from the sample licence.

usage: make_ofds.py SAMPLE FOLDER
"""

import io
import sys
import zipfile
from pathlib import Path

sample = zipfile.ZipFile(sys.argv[1])
folder = Path(sys.argv[2])
parts = {name: sample.read(name) for name in sample.namelist()}
PAGE = "Doc_0/Pages/Page_{}/Content.xml"


def pack(name, parts, method=zipfile.ZIP_DEFLATED, before=b"", directories=False, stream=False):
    out = io.BytesIO()

    class Streamed(io.RawIOBase):  # cannot seek, so sizes come behind the content
        def writable(self):
            return True

        def write(self, data):
            return out.write(data)

    with zipfile.ZipFile(Streamed() if stream else out, "w", method) as archive:
        seen = set()
        for part, content in parts.items():
            steps = part.split("/")[:-1]
            for count in range(1, len(steps) + 1) if directories else ():
                directory = "/".join(steps[:count]) + "/"
                if directory not in seen:
                    seen.add(directory)
                    archive.writestr(directory, b"")
            archive.writestr(part, content)
    (folder / name).write_bytes(before + out.getvalue())


def changed(changes, rename=lambda part: part):
    result = {}
    for part, content in parts.items():
        text = content
        for old, new in changes.get(part, []):
            assert old in text, (part, old)
            text = text.replace(old, new)
        result[rename(part)] = text
    return result


def pages(count):
    result = dict(parts)
    listed = b"".join(
        f'<ofd:Page ID="{100 + n}" BaseLoc="Pages/Page_{n}/Content.xml"/>'.encode() for n in range(count)
    )
    old = b'<ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/>'
    result["Doc_0/Document.xml"] = parts["Doc_0/Document.xml"].replace(old, listed)
    for n in range(count):
        result[PAGE.format(n)] = parts[PAGE.format(0)]
    return result


def without_prefix(content):
    return content.replace(b"<ofd:", b"<").replace(b"</ofd:", b"</").replace(b"xmlns:ofd=", b"xmlns=")


pack("plain.ofd", parts)
pack("ten-pages.ofd", pages(10))
pack("stored.ofd", parts, zipfile.ZIP_STORED)
pack("directories.ofd", parts, directories=True)
pack("streamed.ofd", parts, stream=True)
pack("junk-before.ofd", parts, before=b"maker's own mark, 32 bytes long.")
pack("old-namespace.ofd", {p: c.replace(b"http://www.ofdspec.org/2016", b"http://www.ofdspec.org") for p, c in parts.items()})
pack("no-prefix.ofd", {p: without_prefix(c) if p.endswith(".xml") else c for p, c in parts.items()})
pack("byte-order-mark.ofd", {p: b"\xef\xbb\xbf" + c if p.endswith(".xml") else c for p, c in parts.items()})
pack("absolute-paths.ofd", changed({
    "OFD.xml": [(b">Doc_0/Document.xml<", b">/Doc_0/Document.xml<")],
    "Doc_0/Document.xml": [(b'"Pages/Page_0', b'"/Doc_0/Pages/Page_0')],
}))
pack("other-case.ofd", changed({"OFD.xml": [(b"Doc_0/Document.xml", b"doc_0/document.XML")]}))
pack("other-folders.ofd", changed(
    {"OFD.xml": [(b"Doc_0/", b"Documents/First/")]}, lambda part: part.replace("Doc_0/", "Documents/First/")))
pack("document-at-root.ofd", changed({"OFD.xml": [(b"Doc_0/", b"")]}, lambda part: part.replace("Doc_0/", "")))
pack("chinese-names.ofd", {**parts, "Doc_0/Attachs/附件一 & 说明.xml": b"<a/>"})
pack("folder-taken.ofd", {**parts, "Doc_0/Signs/Sign_0/left.txt": b"left by somebody"})
pack("page-tells-its-size.ofd", changed({
    PAGE.format(0): [(b"<ofd:Content>", b"<ofd:Area><ofd:PhysicalBox>0 0 297 210</ofd:PhysicalBox></ofd:Area><ofd:Content>")],
    "Doc_0/Document.xml": [(b"0 0 297 210", b"0 0 10 10")],
}))
