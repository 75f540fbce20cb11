"""Writes the new `database` into portal.toml: whole or not at all, all else as it was, and the old file kept beside."""

import os
import re
import shutil
import tomllib
from pathlib import Path

from portal.commands.backups.manifest import Unusable
from portal.db import now

_LINE = re.compile(r"^\s*database\s*=.*$", re.M)
#: What a TOML string does not hold as it is.
_QUOTED = str.maketrans({"\\": "\\\\", '"': '\\"'})


def line_for(address: str) -> str:
    """Return the line that portal.toml needs."""
    return f'database = "{address.translate(_QUOTED)}"'


def refuse_unswitchable(folder: Path, address: str) -> None:
    """Raise Unusable where `switch` could not do it; asked before hours of copying."""
    if "PORTAL_DATABASE" in os.environ:
        raise Unusable("环境变量 PORTAL_DATABASE 优先于 portal.toml，--switch 换不了；"
                       "请去掉 --switch，搬完以后改环境变量。")
    _switched(folder / "portal.toml", address)
    if not os.access(folder, os.W_OK):
        raise Unusable(f"{folder} 不可写，--switch 改不了 portal.toml；请检查权限。")


def switch(folder: Path, address: str) -> Path | None:
    """Let portal.toml name `address`; return the copy of the file as it was, None where there was none."""
    path = folder / "portal.toml"
    text, kept = _switched(path, address), None
    if path.exists():
        kept = path.with_name(f"portal.toml.{now():%Y%m%d-%H%M%S}")
        shutil.copy2(path, kept)
    draft = path.with_name(".portal.toml.new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if kept:
        _like(path, draft)
    os.replace(draft, path)
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
    return kept


def _like(path: Path, draft: Path) -> None:
    """Give the new file the rights and the owner of the old one: the service must be able to read it."""
    was = path.stat()
    shutil.copymode(path, draft)
    if (was.st_uid, was.st_gid) != (draft.stat().st_uid, draft.stat().st_gid):
        os.chown(draft, was.st_uid, was.st_gid)


def _switched(path: Path, address: str) -> str:
    """Return what the file shall hold. Raises Unusable where the line cannot be found in it for certain."""
    text = path.read_bytes().decode() if path.exists() else ""
    line = line_for(address)
    fresh = _LINE.sub(lambda _: line, text, count=1) if _LINE.search(text) else f"{line}\n{text}"
    try:
        if tomllib.loads(fresh) == tomllib.loads(text) | {"database": address}:
            return fresh
    except tomllib.TOMLDecodeError:
        pass
    raise Unusable(f"{path.name} 的写法特殊，--switch 不敢改它；请去掉 --switch，搬完以后自己写上新的 database。")
