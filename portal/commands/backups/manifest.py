"""What a backup says of itself: when, by which program, how many rows and files, and the hash of each thing in it."""

import datetime
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import click

#: The layout of a backup; a program that does not know it refuses.
FORMAT = 1
NAME = "manifest.json"
#: The database as it lies in a backup, by engine.
DUMPS = {"sqlite": "database.db", "postgres": "database.dump"}
#: What of an instance lies in a backup beside the database and the attachments, if it is there.
KEPT = ("portal.toml", "plugins", "heads")


class Unusable(click.ClickException):
    """The backup cannot be used or made; the message says why and what to do."""


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's content (64 hex digits)."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprints(keys: Path) -> dict[str, str]:
    """Return {name: fingerprint} of the keys in a folder; from a fingerprint nobody gets back to its key."""
    return {
        path.name: hashlib.sha256(b"portal key " + path.read_bytes().strip()).hexdigest()[:32]
        for path in sorted(keys.glob("[!.]*")) if path.is_file()
    } if keys.is_dir() else {}


def contents(folder: Path, *names: str) -> Iterator[Path]:
    """Yield every file below those of `names` that are in `folder`, without what Python leaves behind."""
    for name in names:
        path = folder / name
        found = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
        yield from (one for one in found if one.is_file() and "__pycache__" not in one.parts)


def attachments(folder: Path) -> Iterator[Path]:
    """Yield the attachments below `folder`/files; each has the hash of its content for a name."""
    yield from (path for path in sorted((folder / "files").glob("??/??/*")) if len(path.name) == 64)


def write(folder: Path, facts: dict) -> str:
    """Write the manifest of what lies in `folder` and return its own hash."""
    listed = [*contents(folder, *KEPT), *(path for name in DUMPS.values() if (path := folder / name).exists())]
    facts["content"] = {str(path.relative_to(folder)): digest_of(path) for path in listed}
    path = folder / NAME
    with open(path, "w", encoding="utf-8") as file:
        json.dump(facts, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    return digest_of(path)


def read(folder: Path) -> dict:
    """Return the manifest. Raises Unusable for what is no backup, or one that this program cannot read."""
    try:
        facts = json.loads((folder / NAME).read_text(encoding="utf-8"))
        facts["made"] = datetime.datetime.fromisoformat(facts["made"])
        known = facts["format"] == FORMAT and facts["engine"] in DUMPS
    except FileNotFoundError:
        raise Unusable(f"{folder} 不是一份备份（没有 {NAME}），请指到 portal backup 建立的那个文件夹。") from None
    except (ValueError, KeyError, TypeError):
        raise Unusable(f"{folder / NAME} 已损坏，这份备份不能用，请换一份。") from None
    if not known:
        raise Unusable(f"{folder} 是更新的版本做的备份，请用与它相配的程序恢复。")
    return facts


def check(folder: Path, facts: dict, say=lambda *report: None) -> None:
    """Raise Unusable unless everything in the backup is what it was when it was made."""
    for name, wanted in facts["content"].items():
        path = folder / name
        if not path.is_file() or digest_of(path) != wanted:
            raise Unusable(f"备份里的 {name} 缺失或已被改动，这份备份不能用，请换一份。")
    strange = {str(path.relative_to(folder)) for path in contents(folder, *KEPT)} - set(facts["content"])
    if strange:
        raise Unusable(f"备份里多出了 {min(strange)}，不是备份时放进去的；请移走它，或换一份备份。")
    found = 0
    for found, path in enumerate(attachments(folder), 1):  # noqa: B007 - the last number is how many there are
        if digest_of(path) != path.name:
            raise Unusable(f"备份里的附件 {path.name[:12]}… 已损坏，请换一份备份。")
        say("核对附件", found, facts["files"])
    if found < facts["files"]:
        raise Unusable(f"备份里应有 {facts['files']} 个附件，只有 {found} 个，请换一份备份。")
