"""Files as people send them, and as attackers make them."""

import io
import struct
import zipfile
import zlib

from PIL import Image

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
MACRO = "application/vnd.ms-word.document.macroEnabled.main+xml"


def picture(kind="JPEG", size=(60, 40), mode="RGB", colour=None, **more) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour if colour is not None else 200).save(out, kind, **more)
    return out.getvalue()


def photo(orientation=6) -> bytes:
    """Return a photo that lies on its side, with the place and the camera where it was taken."""
    image = Image.new("RGB", (60, 40), "white")
    image.paste((255, 0, 0), (0, 0, 12, 12))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (31.0, 5.0, 12.5)
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, quality=100, subsampling=0)
    return out.getvalue()


def claims(width: int, height: int) -> bytes:
    """Return a small PNG that says of itself that it is huge."""
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head, points = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), zlib.compress(b"\0" * 100)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", points) + chunk(b"IEND", b"")


def office(parts: dict | None = None, main="word/document.xml", kind=WORD) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types><Override PartName="/{main}" ContentType="{kind}"/></Types>')
        archive.writestr(main, "<document>正文，含有 &lt;!DOCTYPE 字样</document>")
        for name, content in (parts or {}).items():
            archive.writestr(name, content)
    return out.getvalue()


PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
