"""What a file is, is decided by what is in it."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from portal.files.kinds import LONGEST_SIDE, Kept, examine
from portal.values import Refused
from tests.files.samples import MACRO, PDF, claims, office, photo, picture


@pytest.mark.parametrize(("content", "ending", "mime"), [
    (picture(), "jpg", "image/jpeg"), (picture("PNG"), "png", "image/png"), (picture("WEBP"), "webp", "image/webp"),
    (picture("PNG", mode="RGBA"), "png", "image/png"), (picture("PNG", mode="P"), "png", "image/png"),
    (picture("PNG", mode="1", colour=1), "png", "image/png"), (picture("PNG", mode="LA"), "png", "image/png"),
    (picture("PNG", mode="I;16"), "png", "image/png"), (picture("JPEG", mode="CMYK"), "jpg", "image/jpeg"),
    (picture("JPEG", mode="L"), "jpg", "image/jpeg"), (PDF, "pdf", "application/pdf"),
    ("申请人：王秀兰\r\n第二行".encode(), "txt", "text/plain; charset=utf-8"),
    ("申请人：王秀兰".encode("gb18030"), "txt", "text/plain; charset=utf-8"),
    ("申请人：𠮷".encode("gb18030"), "txt", "text/plain; charset=utf-8"),
    ("\ufeff申请人".encode(), "txt", "text/plain; charset=utf-8"),
    (office(), "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (office(main="xl/workbook.xml"), "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
])
def test_the_content_says_what_it_is(content, ending, mime):
    kept = examine(content, "材料.exe")
    assert (kept.ending, kept.mime) == (ending, mime)


def test_a_text_is_kept_in_one_encoding():
    assert examine("王秀兰".encode("gb18030"), "a.txt").content.decode("utf-8") == "王秀兰"


@pytest.mark.parametrize(("content", "sentence"), [
    (b"", "是空文件"),
    (b"<!doctype html><script>alert(1)</script>", "不在可上传的类型"),
    (b"  \n<svg onload=alert(1)>", "不在可上传的类型"),
    ("\ufeff<html>".encode(), "不在可上传的类型"), (b"hello <script>alert(1)</script>", "不在可上传的类型"),
    ("<html>".encode("utf-16"), "不在可上传的类型"), (b"#!/bin/sh\nrm -rf /", "不在可上传的类型"),
    (b"GIF89a" + b"\x01\x00\x01\x00" + b"\x00" * 20, "不在可上传的类型"), (b"BM" + b"\x00" * 60, "不在可上传的类型"),
    (b"MZ\x90\x00\x03" + b"\x00" * 60, "不在可上传的类型"), (b"\x7fELF\x02\x01\x01", "不在可上传的类型"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 60, "不在可上传的类型"), (b"{\\rtf1 x}", "不在可上传的类型"),
    (b"\x1b[31m\x07", "不在可上传的类型"), (b"Rar!\x1a\x07\x00", "不在可上传的类型"),
    (picture()[:100], "不是能打开的照片"), (b"\xff\xd8\xff" + b"x" * 100, "不是能打开的照片"),
    (b"\x89PNG\r\n\x1a\n" + b"x" * 100, "不是能打开的照片"), (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "不是能打开的照片"),
    (b"RIFF\x00\x00\x00\x00AVI LIST", "不是能打开的照片"),
    (claims(8_000, 8_000), "像素，太大了"), (claims(65_000, 65_000), "像素太多"), (claims(12_000, 9_000), "太多"),
    (b"PK\x03\x04" + b"x" * 100, "已损坏"), (office()[:-30], "已损坏"),
    (office(main="x.xml"), "不在可上传的类型"), (office({"word/vbaProject.bin": b"x"}), "含有宏"),
    (office(kind=MACRO), "不安全的内容"),
    (office({f"x{number}": b"" for number in range(2100)}), "过于复杂"),
    (office({"x.xml": b" " * (101 * 2**20)}), "展开后太大"), (office({"x.bin": b"\0" * (101 * 2**20)}), "展开后太大"),
    (office({"x.xml": b"<?xml version='1.0'?>" + b" " * 5000 + b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"}), "不安全的内容"),
    (office({"x.rels": "<!doctype x><x/>".encode("utf-16")}), "不安全的内容"),
    (office({"x.xml": b" " * (2**20 - 4) + b"<!DOCTYPE x>"}), "不安全的内容"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_it_should_not_be_is_refused_with_its_name(content, sentence):
    with pytest.raises(Refused) as refused:
        examine(content, "材料.jpg")
    assert sentence in refused.value.sentence and "材料.jpg" in refused.value.sentence


def test_a_damaged_archive_is_a_sentence_wherever_the_damage_is():
    whole = office({"x.xml": b"<x>" + b"y" * 3000 + b"</x>"})
    for place in range(0, len(whole), 7):
        broken = whole[:place] + b"\xff\xff\xff" + whole[place + 3:]
        _kept_or_refused(broken)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([picture(), picture("PNG"), picture("WEBP"), photo(), office()]), st.data())
def test_rubbish_is_refused_and_never_an_error(whole, data):
    place = data.draw(st.integers(0, len(whole) - 1))
    _kept_or_refused(whole[:place] + data.draw(st.binary(max_size=30)) + whole[place + data.draw(st.integers(0, 40)):])


def _kept_or_refused(content: bytes) -> None:
    try:
        assert isinstance(examine(content, "a"), Kept)
    except Refused:
        pass


def test_a_photo_stands_upright_and_tells_neither_place_nor_camera():
    kept = examine(photo(), "a.jpg")
    with Image.open(io.BytesIO(kept.content)) as seen:
        assert seen.size == (40, 60) and not seen.getexif() and "exif" not in seen.info
        red, green, blue = seen.getpixel((37, 2))
        assert red > 150 > green, "the corner that was at the top left is now at the top right"
    assert b"SecretCamera" not in kept.content and b"GPS" not in kept.content


def test_a_picture_with_a_palette_loses_its_hidden_words_too():
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    out = io.BytesIO()
    Image.new("P", (9, 9)).save(out, "PNG", exif=exif, icc_profile=b"SecretProfile")
    assert b"SecretCamera" in out.getvalue()
    kept = examine(out.getvalue(), "a.png").content
    assert b"SecretCamera" not in kept and b"eXIf" not in kept and b"iCCP" not in kept


def test_of_a_polyglot_only_the_picture_is_kept():
    trick = picture() + b"<script>alert(1)</script>" + office()
    kept = examine(trick, "a.jpg").content
    assert b"script" not in kept and b"PK\x03\x04" not in kept


def test_of_an_animation_the_first_picture_is_kept():
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "green", "blue")]
    for kind in ("PNG", "WEBP"):
        out = io.BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:])
        with Image.open(io.BytesIO(examine(out.getvalue(), "a").content)) as seen:
            assert getattr(seen, "n_frames", 1) == 1


def test_a_large_photo_is_made_smaller():
    kept = examine(picture(size=(6000, 3000)), "a.jpg")
    with Image.open(io.BytesIO(kept.content)) as seen:
        assert max(seen.size) <= LONGEST_SIDE and abs(seen.width / seen.height - 2) < 0.01
