"""Attachments through the door: what lies on the disk, who may fetch it, and what is left when something fails."""

import errno
import io
import os
import time

import pytest

from portal.audit.models import AuditEntry
from portal.db import atomic, database
from portal.files import storage, sweeping
from portal.files.models import Attachment
from portal.files.storage import clean_name, path_of
from tests.files.samples import PDF, office, photo, picture
from tests.forms.together import another_app, ask, form_at, multipart, refuse_inserts, side_by_side, twin
from tests.people_of_the_county import PASSWORD
from tests.station.door import receive


@pytest.fixture(autouse=True)
def empty_folder(app):
    """The database is put back for each test; so is the folder of its files."""
    for path in storage.folder().glob("??/??/*"):
        path.unlink()


@pytest.fixture
def clerk(sign_in):
    return sign_in("cun")


@pytest.fixture
def case(clerk):
    return receive(clerk)


def upload(browser, case, *files):
    return browser.send(f"/cases/{case.id}/files", attachments=[(io.BytesIO(content), name) for content, name in files])


def on_disk() -> list[str]:
    return sorted(path.name for path in storage.folder().glob("??/??/*"))


def test_a_file_lies_outside_the_web_root_under_its_hash(clerk, case, ground):
    upload(clerk, case, (photo(), "户口簿.png"))
    kept = Attachment.get()
    assert clerk.status == 200 and (kept.name, kept.mime) == ("户口簿.jpg", "image/jpeg")
    assert on_disk() == [kept.sha256] and path_of(kept.sha256).is_relative_to(ground.folder / "files")
    assert path_of(kept.sha256).stat().st_mode & 0o077 == 0, "readable by the portal only"
    assert path_of(kept.sha256).stat().st_size == kept.size


@pytest.mark.parametrize(("content", "name", "kind", "shown"), [
    (picture(), "照片.jpg", "image/jpeg", "inline"), (PDF, "证明.pdf", "application/pdf", "attachment"),
    ("说明".encode("gb18030"), "说明.txt", "text/plain", "attachment"),
    (office(), "申请.docx", "application/vnd", "attachment"),
])
def test_a_file_comes_back_as_a_download_that_cannot_act(clerk, case, content, name, kind, shown):
    upload(clerk, case, (content, name))
    answer = clerk.open(f"/cases/{case.id}/files/{Attachment.get().id}").response
    headers = answer.headers
    assert answer.status_code == 200 and headers["Content-Type"].startswith(kind)
    assert headers["Content-Disposition"].startswith(shown) and "filename*=UTF-8''%E" in headers["Content-Disposition"]
    assert headers["X-Content-Type-Options"] == "nosniff" and "sandbox" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert AuditEntry.select().where(AuditEntry.action == "cases.open_file").count() == 1
    answer.close()


def test_only_who_sees_the_case_fetches_its_files(clerk, case, sign_in):
    upload(clerk, case, (PDF, "a.pdf"))
    url = f"/cases/{case.id}/files/{Attachment.get().id}"
    for stranger in ("lincun", "linzhen", "linjia", "wuzhen"):
        assert sign_in(stranger).open(url).status == 404, stranger
    for admin in ("xitong", "anquan", "shenji"):
        assert sign_in(admin).open(url).status in (403, 404), admin
    seen = sign_in("zhen").open(url)
    assert seen.status == 200
    seen.response.close()


def test_the_file_of_one_case_is_not_fetched_through_another(clerk, case):
    upload(clerk, case, (PDF, "a.pdf"))
    other = receive(clerk)
    assert clerk.open(f"/cases/{other.id}/files/{Attachment.get().id}").status == 404
    assert clerk.open(f"/cases/{case.id}/files/999999").status == 404


@pytest.mark.parametrize(("content", "name", "sentence"), [
    (b"", "空.pdf", "“空.pdf”是空文件"), (b"<script>alert(1)</script>", "a.jpg", "“a.jpg”不在可上传的类型"),
    (picture()[:60], "坏.jpg", "“坏.jpg”不是能打开的照片"), (office({"word/vbaProject.bin": b"x"}), "a.docx", "含有宏"),
])
def test_what_is_refused_is_said_at_its_field_and_leaves_nothing(clerk, case, content, name, sentence):
    upload(clerk, case, (content, name))
    assert clerk.status == 422 and sentence in clerk.text and 'class="field-error"' in clerk.text
    assert not Attachment.select().exists() and on_disk() == []


def test_one_bad_file_keeps_the_good_one_out_too(clerk, case):
    upload(clerk, case, (PDF, "好.pdf"), (b"<svg/>", "坏.svg"))
    assert clerk.status == 422 and not Attachment.select().exists() and on_disk() == []


def test_a_file_beyond_the_limit_is_refused_with_the_limit(ground, clerk, case):
    with another_app(ground, upload_megabytes=1) as small:
        browser = type(clerk)(small.test_client())
        browser.send("/accounts/sign-in", name="cun", password=PASSWORD)
        url = f"/cases/{case.id}/files"
        fields = form_at(browser, url, "attachments").fields
        answer = ask(browser, "POST", url, **multipart(fields, PDF + b"x" * 2**20, "attachments", "大.pdf"))
        assert answer.status_code == 422 and "“大.pdf”超过 1 MB" in answer.get_data(as_text=True)
    assert on_disk() == []


@pytest.mark.parametrize(("name", "kept"), [
    ("../../etc/passwd", "passwd"), ("..\\..\\windows\\a.txt", "a.txt"), ("a\r\nX-Evil: x=y.pdf", "aX-Evil x=y.pdf"),
    ("a\x00.pdf", "a.pdf"), ("\u202efdp.exe", "fdp.exe"), ("长" * 300 + ".pdf", "长" * 116 + ".pdf"), ("", "附件"),
    ("..", "附件"),
    ("<b>\"x\".pdf", "bx.pdf"), ("/", "附件"), (".htaccess", "htaccess"), ("𠮷\U000323b0.pdf", "𠮷\U000323b0.pdf"),
])
def test_a_name_is_only_a_name(name, kept):
    assert clean_name(name) == kept


@pytest.mark.parametrize("name", ["../../../a.pdf", "\u202efdp.exe", "长" * 300 + ".pdf", "a;b='c',.pdf"])
def test_a_tricky_name_does_no_harm_on_the_way_back(clerk, case, name):
    upload(clerk, case, (PDF, name))
    answer = clerk.open(f"/cases/{case.id}/files/{Attachment.get().id}").response
    assert answer.status_code == 200
    assert "\u202e" not in Attachment.get().name and Attachment.get().name.endswith(".pdf")
    answer.close()


def test_the_same_content_lies_there_once_and_goes_with_its_last_row(clerk, case):
    upload(clerk, case, (PDF, "一.pdf"))
    upload(clerk, case, (PDF, "二.pdf"))
    first, second = Attachment.select().order_by(Attachment.id)
    assert first.sha256 == second.sha256 and len(on_disk()) == 1
    for attachment, left in ((first, 1), (second, 0)):
        url = f"/cases/{case.id}/files/{attachment.id}/remove"
        clerk.open(f"/cases/{case.id}")
        clerk.submit(clerk.form(action=url))
        assert clerk.status == 200 and len(on_disk()) == left
        assert clerk.open(f"/cases/{case.id}/files/{attachment.id}").status == 404


def test_the_same_content_twice_in_one_form_is_kept_once(clerk, case):
    upload(clerk, case, (PDF, "一.pdf"), (PDF, "二.pdf"))
    assert Attachment.select().count() == 2 and len(on_disk()) == 1


def test_a_file_that_is_not_removed_in_the_end_stays(app, clerk, case):
    upload(clerk, case, (PDF, "a.pdf"))
    with atomic() as transaction:
        storage.remove(Attachment.get(), app.extensions["portal"] and Attachment.get())
        transaction.rollback()
    assert len(on_disk()) == 1 and Attachment.get().removed_at is None


def test_when_the_row_cannot_be_written_the_file_goes_again(clerk, case):
    refuse_inserts("files_attachment")
    upload(clerk, case, (PDF, "a.pdf"))
    assert clerk.status >= 500 and on_disk() == []


def test_when_the_row_of_one_fails_the_file_of_another_stays(clerk, case):
    upload(clerk, case, (PDF, "a.pdf"))
    refuse_inserts("files_attachment")
    upload(clerk, case, (PDF, "b.pdf"), (picture(), "c.jpg"))
    assert clerk.status >= 500 and on_disk() == [Attachment.get().sha256]


def test_a_refused_form_with_a_good_file_leaves_nothing_on_the_disk(clerk):
    clerk.open("/station/")
    before = on_disk()
    clerk.send("/people/new", name="", id_card="x")
    form = clerk.form(["id_card"])
    ask(clerk, "POST", "/people/new", data={**form.fields, "attachments": (io.BytesIO(PDF), "a.pdf")})
    assert on_disk() == before == []


def test_a_full_disk_is_one_sentence(clerk, case, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        upload(clerk, case, (PDF, "a.pdf"))
    assert clerk.status == 422 and "磁盘已满，附件没有保存" in clerk.text
    assert not Attachment.select().exists() and on_disk() == []


def test_a_file_that_vanished_is_a_sentence_not_an_error(clerk, case):
    upload(clerk, case, (PDF, "a.pdf"))
    path_of(Attachment.get().sha256).unlink()
    clerk.open(f"/cases/{case.id}/files/{Attachment.get().id}")
    assert clerk.status == 422 and "请联系系统管理员从备份恢复" in clerk.text


def test_files_are_examined_before_the_write_lock_is_taken(app, clerk, case, monkeypatch):
    """A clerk who uploads a large photo must not keep everybody else from writing meanwhile."""
    seen = []
    real = storage.examine
    monkeypatch.setattr(storage, "examine", lambda *args: (seen.append(database.in_transaction()), real(*args))[1])
    real_sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(database.in_transaction()), real_sync(handle))[1])
    synced = []
    upload(clerk, case, (photo(), "a.jpg"), (PDF, "b.pdf"))
    assert seen == [False, False] and Attachment.select().count() == 2
    assert synced.count(True) <= 2, "under the lock only the folder's entry is made safe"


def test_two_clerks_with_the_same_file_at_once(app, clerk, case):
    form_of = f"/cases/{case.id}/files"
    pair = [clerk, twin(app, clerk)]
    for browser in pair:
        browser.open(form_of)
    side_by_side(*(
        lambda browser=browser, number=number: browser.submit(
            browser.form(["attachments"]), attachments=[(io.BytesIO(PDF), f"{number}.pdf")], follow=False
        )
        for number, browser in enumerate(pair)
    ))
    assert [browser.status for browser in pair] == [302, 302]
    assert Attachment.select().count() == 2 and on_disk() == [Attachment.get().sha256]


# -- what a crash leaves behind ------------------------------------------------------------------------------------

def left_behind(name: str, age: float) -> None:
    path = path_of("ab" * 32).with_name(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, (time.time() - age, time.time() - age))


def test_what_a_crash_left_is_found_and_swept_after_a_day(app, clerk, case):
    upload(clerk, case, (PDF, "a.pdf"))
    os.utime(path_of(Attachment.get().sha256), (0, 0))
    left_behind("ab" * 32, 2 * 86400)
    left_behind(".draft", 2 * 86400)
    left_behind("ab" * 31 + "ff", 60)
    finding, = sweeping.findings()
    assert "有 2 个文件没有记录使用" in finding.sentence and not finding.serious
    result = app.test_cli_runner().invoke(sweeping.files, ["sweep"])
    assert "已清理 2 个文件" in result.output
    assert sorted(on_disk()) == sorted(["ab" * 31 + "ff", Attachment.get().sha256]) and sweeping.findings() == []


def test_a_file_that_is_missing_is_a_serious_finding(clerk, case):
    upload(clerk, case, (PDF, "a.pdf"))
    path_of(Attachment.get().sha256).unlink()
    finding, = sweeping.findings()
    assert finding.serious and "有 1 个文件在记录里" in finding.sentence
