"""What a file is, decided by its content and never by its name, and made harmless before it is kept."""

import io
import threading
import unicodedata
import zipfile
from dataclasses import dataclass

from PIL import Image, ImageOps

from portal.values import Refused

MOST_PIXELS = 40_000_000
LONGEST_SIDE = 4096
#: An office file may unpack to this much; a bomb of 400 KB unpacks to 120 MB and takes a gigabyte to read.
MOST_UNPACKED = 100 * 2**20
MOST_MEMBERS = 2000

ACCEPTED = "照片（JPG、PNG、WebP）、PDF、Word（docx）、Excel（xlsx）或纯文本"
OFFICE = {
    "word/document.xml": ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xl/workbook.xml": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
IMAGES = {"JPEG": ("jpg", "image/jpeg"), "PNG": ("png", "image/png"), "WEBP": ("webp", "image/webp")}

#: A picture of 40 million points takes 160 MB while it is drawn: one at a time in each worker.
_drawing = threading.Lock()


@dataclass(frozen=True)
class Kept:
    """The bytes to keep, the ending and the MIME type that they really have."""

    content: bytes
    ending: str
    mime: str


def examine(content: bytes, name: str) -> Kept:
    """Return what to keep of `content`; raises Refused with a sentence that names the file."""
    if not content:
        raise Refused(f"“{name}”是空文件，请重新选择。")
    if content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")):
        return _image(content, name)
    if content.startswith(b"%PDF-"):
        return Kept(content, "pdf", "application/pdf")
    if content.startswith(b"PK\x03\x04"):
        return _office(content, name)
    return _text(content, name)


# -- pictures ------------------------------------------------------------------------------------------------------

def _image(content: bytes, name: str) -> Kept:
    """Draw the picture anew: what is hidden in it (place, device, scripts, a second file) stays behind."""
    try:
        with _drawing, Image.open(io.BytesIO(content), formats=tuple(IMAGES)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise Refused(f"“{name}”有 {picture.width}×{picture.height} 像素，太大了，请缩小后再上传。")
            kind = picture.format
            drawn = _drawn(picture, kind)
    except Refused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused(f"“{name}”的像素太多，请缩小后再上传。") from error
    except Exception as error:  # a decoder that is fed with rubbish raises whatever it stumbles over
        raise Refused(f"“{name}”不是能打开的照片，可能已损坏，请重新拍摄或另选一张。") from error
    return Kept(drawn, *IMAGES[kind])


def _drawn(picture, kind: str) -> bytes:
    """Return the first frame, upright and not too large, without anything that is not a point of the picture."""
    if kind == "JPEG":
        picture.draft(None, (LONGEST_SIDE, LONGEST_SIDE))  # decodes large photos at half or a quarter of their size
    upright = ImageOps.exif_transpose(picture)
    if upright.mode == "P":
        upright = upright.convert("RGBA" if "transparency" in upright.info else "RGB")
    elif kind == "JPEG" and upright.mode != "RGB":
        upright = upright.convert("RGB")
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    clean = Image.new(upright.mode, upright.size)
    clean.paste(upright)
    out = io.BytesIO()
    clean.save(out, kind, **({} if kind == "PNG" else {"quality": 85}))
    return out.getvalue()


# -- office --------------------------------------------------------------------------------------------------------

def _office(content: bytes, name: str) -> Kept:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            found = next((OFFICE[part] for part in OFFICE if part in names), None)
            if found is None:
                raise Refused(f"“{name}”不在可上传的类型之内，请上传{ACCEPTED}。")
            if len(names) > MOST_MEMBERS or any("vbaproject" in part.lower() for part in names):
                raise Refused(f"“{name}”含有宏或过于复杂，请另存为普通文档后再上传。")
            _read_through(archive, name)
    except Refused:
        raise
    except Exception as error:  # a damaged archive fails in zipfile, zlib, lzma or struct, each in its own way
        raise Refused(f"“{name}”已损坏，打不开，请重新保存后再上传。") from error
    return Kept(content, *found)


def _read_through(archive: zipfile.ZipFile, name: str) -> None:
    """Count what really unpacks, as the sizes that an archive states of itself may lie; look into the markup."""
    total = 0
    for member in archive.infolist():
        part, before = member.filename.lower(), b""
        with archive.open(member) as stream:
            while piece := stream.read(2**20):
                total += len(piece)
                if total > MOST_UNPACKED:
                    raise Refused(f"“{name}”展开后太大，不能上传。")
                if part.endswith((".xml", ".rels", ".vml")) and _is_unsafe(part, before + piece):
                    raise Refused(f"“{name}”含有不安全的内容（宏、外部实体），不能上传。")
                before = piece[-20:]


def _is_unsafe(part: str, markup: bytes) -> bool:
    """Tell whether office markup declares entities or macros, or hides in an encoding that no office program writes."""
    low = markup.lower()
    if part == "[content_types].xml" and b"macroenabled" in low:
        return True
    return b"<!doctype" in low or b"<!entity" in low or b"\x00" in markup


# -- texts ---------------------------------------------------------------------------------------------------------

def _text(content: bytes, name: str) -> Kept:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        low = text[:2000].lower().lstrip()
        control = any(unicodedata.category(sign) == "Cc" and sign not in "\t\n\r\f" for sign in set(text))
        if control or low.startswith(("<", "#!", "%!", "{\\rtf")) or "<script" in low or "<html" in low:
            break
        return Kept(text.encode(), "txt", "text/plain; charset=utf-8")
    raise Refused(f"“{name}”不在可上传的类型之内，请上传{ACCEPTED}。")
