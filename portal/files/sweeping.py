"""What a crash may leave behind: files that no row uses, drafts that nobody finished, and rows whose file is gone."""

import contextlib
import time

import click

from portal.files.models import Attachment
from portal.files.storage import folder, forget
from portal.values import Finding

#: Younger files may belong to a request that is still running.
GRACE_SECONDS = 24 * 3600


def _used() -> set[str]:
    rows = Attachment.select(Attachment.sha256).where(Attachment.removed_at.is_null()).distinct()
    return {digest for (digest,) in rows.tuples()}


def _left_behind() -> tuple[list, list]:
    """Return the paths of old drafts and of old files that no row uses."""
    used, before = _used(), time.time() - GRACE_SECONDS
    drafts, unused = [], []
    for path in folder().glob("??/??/*"):
        with contextlib.suppress(FileNotFoundError):  # it went while we looked
            if path.stat().st_mtime < before and path.name not in used:
                (drafts if path.name.startswith(".") else unused).append(path)
    return drafts, unused


def findings() -> list[Finding]:
    drafts, unused = _left_behind()
    here = {path.name for path in folder().glob("??/??/*")}
    found = []
    if missing := len(_used() - here):
        found.append(Finding(f"附件：有 {missing} 个文件在记录里、却不在 files 文件夹里，请从备份恢复。"))
    if left := len(drafts) + len(unused):
        found.append(Finding(f"附件：有 {left} 个文件没有记录使用，可运行 portal files sweep 清理。", serious=False))
    return found


@click.group()
def files():
    """附件。"""


@files.command()
def sweep():
    """清理没有记录使用的附件文件（一天以前留下的）。"""
    drafts, unused = _left_behind()
    for path in drafts:
        path.unlink(missing_ok=True)
    gone = sum(forget(path.name) for path in unused)
    click.echo(f"已清理 {len(drafts) + gone} 个文件。")
