"""Small files in the binary formats, made by hand."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence

_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="book/content.opf"/></rootfiles></container>'
)


def pdf(pages: Sequence[Sequence[str]], *, title: str = "", date: str = "", encrypt: bool = False) -> bytes:
    """A PDF with lines of Helvetica on each page."""
    info = f"/Title ({title}) /CreationDate ({date})"
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for lines in pages:
        shown = " ".join(f"({line}) Tj 0 -14 Td" for line in lines)
        stream = f"BT /F1 11 Tf 50 750 Td {shown} ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        resources = "/Resources << /Font << /F1 3 0 R >> >> /MediaBox [0 0 595 842]"
        objects.append(f"<< /Type /Page /Parent 2 0 R {resources} /Contents {len(objects)} 0 R >>")
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    objects.append(f"<< {info} >>")
    trailer = f"/Root 1 0 R /Info {len(objects)} 0 R"
    if encrypt:
        secret = "00" * 32
        objects.append(f"<< /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <{secret}> /U <{secret}> >>")
        trailer += f" /Encrypt {len(objects)} 0 R /ID [<00> <00>]"
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    end += f"trailer << /Size {len(objects) + 1} {trailer} >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + end.encode()


def epub(chapters: Sequence[str], *, title: str = "", date: str = "") -> bytes:
    """An EPUB whose chapters are the bodies of pages."""
    items = "".join(f'<item id="c{i}" href="c{i}.xhtml"/>' for i in range(len(chapters)))
    spine = "".join(f'<itemref idref="c{i}"/>' for i in range(len(chapters)))
    names = 'xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    package = (
        f"<package {names}><metadata><dc:title>{title}</dc:title><dc:date>{date}</dc:date></metadata>"
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    files = {"META-INF/container.xml": _CONTAINER, "book/content.opf": package}
    files |= {f"book/c{i}.xhtml": f"<html><body>{body}</body></html>" for i, body in enumerate(chapters)}
    return zipped(files)


def zipped(files: dict[str, str]) -> bytes:
    """A ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def pdf_bomb(megabytes: int) -> bytes:
    """A PDF of one page whose content inflates to so much white space."""
    packer = zlib.compressobj(9)
    packed = packer.compress(b"BT /F1 12 Tf 10 10 Td (x) Tj ET\n")
    packed += b"".join(packer.compress(b" " * 1_000_000) for _ in range(megabytes)) + packer.flush()
    font = b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R " + font + b" >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(packed), packed),
    ]
    return _bytes_of(objects)


def pdf_form(label: str, value: str, *, drawn: bool, hidden: bool = False) -> bytes:
    """A PDF of one page with a label and a field filled in beside it, drawn in the file or left to a reader."""
    font = "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    shown = f"BT /F1 11 Tf 50 750 Td ({label}) Tj ET"
    filled = f"/Tx BMC q BT /F1 11 Tf 2 4 Td ({value}) Tj ET Q EMC"
    field = f"/FT /Tx /T (name) /V ({value}) /DA (/F1 11 Tf 0 g) /F {2 if hidden else 4}"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R] /DA (/F1 11 Tf 0 g) >> >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Annots [5 0 R] {font} >>",
        f"<< /Length {len(shown)} >>\nstream\n{shown}\nendstream",
        f"<< /Type /Annot /Subtype /Widget {field} /Rect [100 745 300 765] {'/AP << /N 6 0 R >>' if drawn else ''} >>",
        f"<< /Type /XObject /Subtype /Form /BBox [0 0 200 20] /Length {len(filled)} {font} >>\n"
        f"stream\n{filled}\nendstream",
    ]
    return _bytes_of([one.encode() for one in objects])


def pdf_forms(depth: int, times: int, *, packed: bool) -> bytes:
    """A PDF of one page with a form that draws another one so many times, and so on, so deep; the last says x."""
    font = b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>",
        b"<< /Length 6 >>\nstream\n/X Do\n\nendstream",
    ]
    for level in range(depth + 1):
        content = b"q /X Do Q 1 0 0 1 0 15 cm\n" * times if level < depth else b"BT /F1 9 Tf 5 5 Td (x) Tj ET"
        content = zlib.compress(content) if packed else content
        inner = b"/Resources << /XObject << /X %d 0 R >> >>" % (6 + level) if level < depth else font
        filters = b"/Filter /FlateDecode" if packed else b""
        head = b"<< /Type /XObject /Subtype /Form /BBox [0 0 200 200] /Length %d %b %b >>" % (
            len(content),
            filters,
            inner,
        )
        objects.append(head + b"\nstream\n" + content + b"\nendstream")
    return _bytes_of(objects)


def _bytes_of(objects: list[bytes]) -> bytes:
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(places) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1) + table + end
