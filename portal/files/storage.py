"""Keeps files by the hash of their content: first safely on the disk, then in the table.

Examining a picture takes a second and writing it safely some more, so both are done before a request takes the write
lock (`prepare`): what is good lies in a draft, and `store` only gives the draft its name. A form that is refused
leaves no file: drafts and files that no row came to use go at the end of the request.
"""

import contextlib
import errno
import hashlib
import logging
import os
import secrets
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from flask import Response, current_app, g, has_request_context, request, send_file
from peewee import DatabaseError

from portal.db import after_commit, atomic, database, is_postgres, now
from portal.files.kinds import examine
from portal.files.models import Attachment
from portal.partitions import everywhere
from portal.prepared import PreparedModels
from portal.values import Refused

log = logging.getLogger(__name__)

#: So many files of one request are prepared before the lock is taken; no form of ours takes more.
MOST_PREPARED = 20


@dataclass(frozen=True)
class Draft:
    """An examined file on the disk that no row knows yet."""

    path: Path
    digest: str
    size: int
    ending: str
    mime: str


def init_app(app) -> None:
    app.before_writing.append(prepare)
    app.undoing.append(clear_away)
    app.teardown_request(clear_away)


def prepare() -> None:
    """Examine the uploads of the request and write them to drafts; what is refused is said later, at its field."""
    uploads = [upload for _, upload in request.files.items(multi=True) if upload.filename]
    for upload in uploads[:MOST_PREPARED]:
        upload.prepared = _prepared(upload)


def _prepared(upload) -> Draft | Refused:
    name, most = clean_name(upload.filename), current_app.config["PORTAL"]["upload_megabytes"]
    upload.stream.seek(0)
    content = upload.stream.read(most * 2**20 + 1)
    upload.stream.seek(0)
    try:
        if len(content) > most * 2**20:
            raise Refused(f"“{name}”超过 {most} MB，请压缩后再上传。")
        kept = examine(content, name)
        digest = hashlib.sha256(kept.content).hexdigest()
        return Draft(_write_draft(digest, kept.content), digest, len(kept.content), kept.ending, kept.mime)
    except Refused as refused:
        return Refused(refused.sentence, upload.name or "attachments")


def store(upload, *, owner_type: str, owner_id: int, county_id: int, by) -> Attachment:
    """Keep `upload` (a werkzeug FileStorage) for its owner, in the caller's transaction.

    Raises Refused for what is too large, empty, damaged, of another kind, or when the disk is full; then nothing of
    it is left.
    """
    draft = upload.__dict__.get("prepared") or _prepared(upload)
    if isinstance(draft, Refused):
        raise draft
    try:
        _settle(draft)
    except OSError as error:
        raise _unwritten(error, upload.name) from error
    name = clean_name(upload.filename)
    stem = name.rsplit(".", 1)[0] if "." in name else name
    return Attachment.create(
        county_id=county_id, owner_type=owner_type, owner_id=owner_id, name=f"{stem}.{draft.ending}",
        sha256=draft.digest, size=draft.size, mime=draft.mime, by_id=by.id, by_name=by.full_name,
    )


def clean_name(name: str | None) -> str:
    """Return a file name without folders, control characters and tricks, at most 120 characters."""
    name = unicodedata.normalize("NFC", (name or "").replace("\\", "/").rsplit("/", 1)[-1])
    plain = "".join(c for c in name if unicodedata.category(c) not in HIDDEN and c not in '<>:"|?*')
    return plain.strip(" .")[-120:] or "附件"


HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def folder() -> Path:
    return Path(current_app.config["PORTAL"]["instance"]) / "files"


def path_of(digest: str) -> Path:
    return folder() / digest[:2] / digest[2:4] / digest


# -- writing -------------------------------------------------------------------------------------------------------

def _write_draft(digest: str, content: bytes) -> Path:
    """Write `content` safely beside the place that it will have, and return where."""
    path = path_of(digest)
    draft = path.with_name(f".{secrets.token_hex(8)}")
    if has_request_context():
        g.setdefault("file_drafts", []).append(draft)
    try:
        _make_folder(path.parent)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise _unwritten(error) from error
    return draft


def _unwritten(error: OSError, field: str | None = None) -> Refused:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    sentence = "磁盘已满，附件没有保存；请联系系统管理员。" if full else "附件没有保存，请稍后再试。"
    return Refused(sentence, field or "attachments")


def _make_folder(path: Path) -> None:
    """Create `path` so that it is still there after a power cut."""
    if path.is_dir():
        return
    _make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _settle(draft: Draft) -> None:
    """Give the draft its name, unless the same content is there already."""
    _hold(draft.digest)
    path = path_of(draft.digest)
    if path.exists():
        draft.path.unlink(missing_ok=True)
        return
    os.replace(draft.path, path)
    _sync_folder(path.parent)
    if has_request_context():
        settled = g.setdefault("settled_files", set())
        settled.add(draft.digest)
        after_commit(lambda: settled.discard(draft.digest))


def _hold(digest: str) -> None:
    """Let nobody else add or delete the file of `digest` until this transaction ends (SQLite has one writer anyway)."""
    if is_postgres():
        database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (int(digest[:15], 16),))


# -- clearing away -------------------------------------------------------------------------------------------------

def clear_away(error=None) -> None:
    """At the end of a request: delete its drafts, and the files of what was rolled back."""
    for draft in g.pop("file_drafts", ()):
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
    for digest in g.pop("settled_files", ()):
        try:
            forget(digest)
        except (OSError, DatabaseError) as failed:
            log.error("file %s could not be cleared away: %s", digest, failed)


def forget(digest: str) -> bool:
    """Delete the file of `digest` unless a row uses it, in whatever county; return whether it is gone."""
    with atomic(), everywhere():
        _hold(digest)
        if Attachment.select().where(Attachment.sha256 == digest, Attachment.removed_at.is_null()).exists():
            return False
        path_of(digest).unlink(missing_ok=True)
        return True


def remove(attachment: Attachment, by) -> None:
    """Take the attachment away; its bytes are deleted once no other row uses them."""
    Attachment.update(removed_at=now(), removed_by=by.id).where(Attachment.id == attachment.id).execute()
    after_commit(lambda: forget(attachment.sha256))


def forget_names(owner_type: str, owner_id: int) -> None:
    """Take the names from the attachments of a row that were taken away: people call files by a person's name."""
    gone = (Attachment.owner_type == owner_type) & (Attachment.owner_id == owner_id)
    Attachment.update(name="（已删除）").where(gone, Attachment.removed_at.is_null(False)).execute()


# -- reading -------------------------------------------------------------------------------------------------------

def of(owner_type: str, owner_id: int) -> list[Attachment]:
    """Return the attachments of a row, oldest first."""
    return _of(type=owner_type, id=owner_id)


_of = PreparedModels(lambda slots: (
    Attachment.select()
    .where(Attachment.owner_type == slots.type, Attachment.owner_id == slots.id, Attachment.removed_at.is_null())
    .order_by(Attachment.id)
))


def send(attachment: Attachment) -> Response:
    """Answer with the file as a download; nothing in it can act on the portal's pages."""
    path = path_of(attachment.sha256)
    if not path.is_file():
        raise Refused("这个附件的文件不见了，请联系系统管理员从备份恢复。")
    response = send_file(path, mimetype=attachment.mime.split(";")[0])
    show = "inline" if attachment.is_image else "attachment"
    response.headers["Content-Disposition"] = f"{show}; filename=\"file\"; filename*=UTF-8''{quote(attachment.name)}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    return response
