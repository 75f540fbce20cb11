"""Photos: none is asked for, what comes is drawn anew without place or device, what is none is told in a sentence."""

import io

import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from plugins.grid.models import GridEvent
from portal.files.models import Attachment
from portal.files.storage import path_of
from tests.grid.door import newest, report
from tests.people_of_the_county import VILLAGE, unit


def photo(kind="JPEG", mode="RGB") -> io.BytesIO:
    """Return a photo that says where and with what it was taken."""
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = "GeheimKamera", "X1"
    exif.get_ifd(IFD.GPSInfo).update({GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (31.0, 18.0, 58.0)})
    drawn = io.BytesIO()
    Image.new(mode, (64, 48), "teal" if mode == "RGB" else 1).save(drawn, kind, exif=exif)
    drawn.seek(0)
    return drawn


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_a_photo_knows_of_its_place_stays_behind(sign_in, kind):
    raw = photo(kind)
    assert b"GeheimKamera" in raw.getvalue()
    report(sign_in("wangge"), attachments=(raw, f"护栏.{kind.lower()}"))
    kept = path_of(Attachment.get().sha256).read_bytes()
    assert b"GeheimKamera" not in kept and not Image.open(io.BytesIO(kept)).getexif()


@pytest.mark.parametrize("content, name, sentence", [
    (b"GIF89a" + b"\0" * 50, "x.jpg", "不在可上传的类型之内"),
    (b"\xff\xd8\xff" + b"rubbish", "x.jpg", "不是能打开的照片"),
    (b"\0\0\0\x18ftypheic" + b"\0" * 99, "IMG_1.HEIC", "不在可上传的类型之内"), (b"", "leer.jpg", "空文件"),
    (b"\xff\xd8\xff" + b"\0" * (50 * 2**20), "gross.jpg", "超过 20 MB"),
])
def test_what_is_no_photo_is_refused_in_one_sentence_and_nothing_is_lost(sign_in, content, name, sentence):
    worker = sign_in("wangge")
    worker.send("/grid/report", category="facility", unit_id=str(unit(VILLAGE).id), text="护栏断了三米",
                attachments=(io.BytesIO(content), name))
    assert worker.status == 422 and sentence in worker.text and "护栏断了三米" in worker.text
    assert not GridEvent.select().exists() and not Attachment.select().exists()
    worker.response.request.environ["wsgi.input"].close()  # large bodies lie in a file of the test client


def test_ten_photos_are_one_too_many(sign_in):
    worker = sign_in("wangge")
    worker.send("/grid/report", category="facility", unit_id=str(unit(VILLAGE).id), text="护栏断了",
                attachments=[(photo(), f"{number}.jpg") for number in range(10)])
    assert worker.status == 422 and "最多 9 张" in worker.text and not GridEvent.select().exists()


def test_no_photo_is_needed(sign_in):
    report(sign_in("wangge"))
    assert newest() and not Attachment.select().exists()
