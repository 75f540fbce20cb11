"""The record as a file: what the filters show, with a line in the record about the export itself."""

import csv
import hashlib
import io
import json

from portal.audit import words
from portal.audit.models import AuditEntry
from portal.audit.recording import record
from portal.db import atomic
from portal.values import Refused

#: One file holds no more, so that it stays one that somebody can read and that memory can hold.
MOST = 50_000

HEAD = (
    "编号", "时间", "谁", "岗位", "单位", "动作", "代号", "对象", "对象编号", "结果", "地址", "登录", "请求编号",
    "详情", "改动", "链道", "链号", "校验值",
)

#: A table program would take what begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(query, kept: dict[str, str]) -> tuple[bytes, str]:
    """Return what `query` shows as CSV (UTF-8 with its mark, for table programs) and its SHA-256.

    That it was exported, by which filter and how much, is on the record before the file leaves. Raises Refused where
    there is too much.
    """
    entries = list(query.order_by(AuditEntry.id.desc()).limit(MOST + 1))
    if len(entries) > MOST:
        raise Refused(f"符合条件的超过 {MOST} 条，一个文件装不下；请缩小时间范围，分几次导出。")
    content = _csv(entries)
    digest = hashlib.sha256(content).hexdigest()
    with atomic():
        record("audit.export", "audit", "", detail={"rows": len(entries), "filter": _said(kept), "sha256": digest})
    return content, digest


def _csv(entries: list[AuditEntry]) -> bytes:
    written, actions = io.StringIO(newline=""), words.actions()
    rows = csv.writer(written)
    rows.writerow(HEAD)
    for one in entries:
        rows.writerow([plain_cell(cell) for cell in (
            one.id, one.at, one.actor_name or "未登录", one.post_title, one.unit_name,
            words.titled(actions, one.action), one.action, words.titled(words.OBJECTS, one.object_type), one.object_id,
            words.titled(words.RESULTS, one.result), one.address, one.session, one.request_id, _json(one.detail),
            _json(one.changes), one.lane, one.seq, one.digest,
        )])
    return ("\ufeff" + written.getvalue()).encode()


def plain_cell(value):
    """Return a cell that no table program runs: text that begins like a formula gets a mark before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _json(value) -> str:
    return json.dumps(value, ensure_ascii=False) if value else ""


def _said(kept: dict[str, str]) -> str:
    return "；".join(f"{words.FILTERS[name]}：{value}" for name, value in kept.items()) or "全部"
