"""The head of a day: one digest for all that the record and the timelines hold, to be printed, signed and sent away.

Whoever keeps a head outside the portal can prove later that nothing before it was changed, even against somebody who
has the database and the keys. It is kept three times: in the database, in the instance's folder `heads`, on paper.
"""

import datetime
import hashlib
import re
from pathlib import Path

from flask import current_app
from peewee import fn

from portal.audit.chain import lanes
from portal.audit.models import AuditEntry
from portal.cases.models import CaseEvent
from portal.cases.proof import entries_digest
from portal.cases.proof_models import DailyHead
from portal.db import after_commit, atomic, database, is_postgres, now, today
from portal.values import Refused

TITLE = "每日校验值"
FOLDER = "heads"


def take(day: datetime.date | None = None) -> DailyHead:
    """Compute the head of all that there is now, under the date `day`; keep it in the table and in the file."""
    with atomic():
        last_id = _settled()
    with atomic():
        if is_postgres():
            database.execute_sql("LOCK TABLE cases_daily_head IN EXCLUSIVE MODE")
        before = DailyHead.select().order_by(DailyHead.id.desc()).first()
        start = before.entries_to if before else 0
        count, digest = entries_digest(start, last_id)
        record = dict(AuditEntry.select(AuditEntry.lane, fn.MAX(AuditEntry.seq)).where(AuditEntry.lane > 0)
                      .group_by(AuditEntry.lane).tuples())
        ends = [[lane, seq, AuditEntry.get(AuditEntry.lane == lane, AuditEntry.seq == seq).digest]
                for lane, seq, _ in lanes() if record.get(lane)]
        head = DailyHead(day=day or today(), at=now(), lanes=ends, entries_from=start, entries_to=max(last_id, start),
                         entries_count=count, entries_digest=digest, before=before.digest if before else "")
        body = _body(head)
        head.digest = hashlib.sha256(body.encode()).hexdigest()
        head.text = f"{body}校验值：{head.digest}\n"
        head.save(force_insert=True)
        folder = Path(current_app.config["PORTAL"]["instance"])
        after_commit(lambda: _keep(folder, head))
    return head


def _settled() -> int:
    """Return the largest id of the timeline below which no transaction that still runs can add one."""
    if is_postgres():
        database.execute_sql("LOCK TABLE cases_event IN SHARE MODE")
    return CaseEvent.select(fn.MAX(CaseEvent.id)).scalar() or 0


def _body(head: DailyHead) -> str:
    lines = [
        TITLE, f"日期：{head.day}", f"算出时间：{head.at}", f"上一次：{head.before or '无'}",
        f"经过：{head.entries_from} 至 {head.entries_to}，{head.entries_count} 条，{head.entries_digest}",
        *(f"审计 {lane}：{seq} 条，{digest}" for lane, seq, digest in head.lanes),
    ]
    return "".join(f"{line}\n" for line in lines)


def _keep(instance: Path, head: DailyHead) -> None:
    folder = instance / FOLDER
    folder.mkdir(exist_ok=True)
    with open(folder / f"{head.day}.txt", "a", encoding="utf-8") as file:
        file.write(head.text)


def groups(digest: str) -> list[str]:
    """Return a digest in groups that can be read aloud and compared on paper."""
    return [digest[start:start + 8] for start in range(0, len(digest), 8)]


# -- holding a head against the database -------------------------------------------------------------------------------

ENTRIES = re.compile(r"经过：(\d+) 至 (\d+)，(\d+) 条，([0-9a-f]{64})")
LANE = re.compile(r"审计 (\d+)：(\d+) 条，([0-9a-f]{64})")


def verify(text: str) -> list[str]:
    """Hold a head that was sent away against the database; return a sentence for each thing that does not hold.

    Raises Refused where `text` is no head.
    """
    found, blocks = [], parts(text)
    if not blocks:
        raise Refused("这份文件不是每日校验值。")
    for body, digest in blocks:
        day = re.search(r"日期：(\S+)", body)
        name = day[1] if day else "?"
        if hashlib.sha256(body.encode()).hexdigest() != digest:
            found.append(f"{name} 的文件被改动过：内容与它自己的校验值不符。")
            continue
        if not DailyHead.select().where(DailyHead.digest == digest).exists():
            found.append(f"数据库里没有 {name} 的这个校验值：它被删去或改动过。")
        found += [f"{name}：{sentence}" for sentence in _held(body)]
    return found


def parts(text: str) -> list[tuple[str, str]]:
    """Return (body, digest) of each head in a file."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    found = re.findall(rf"({TITLE}\n(?:(?!{TITLE}|校验值：).*\n)*)校验值：([0-9a-f]{{64}})", text)
    return [(body, digest) for body, digest in found if ENTRIES.search(body)]


def _held(body: str) -> list[str]:
    """Recompute from the database what the body of a head says."""
    start, end, count, digest = ENTRIES.search(body).groups()
    found = []
    if entries_digest(int(start), int(end)) != (int(count), digest):
        found.append(f"那时的 {count} 条经过已不是原样，有的被改动、删去或补进。")
    for lane, seq, digest in LANE.findall(body):
        entry = AuditEntry.get_or_none(AuditEntry.lane == int(lane), AuditEntry.seq == int(seq))
        if entry is None or entry.digest != digest:
            found.append(f"审计记录第 {lane} 道 {seq} 号已不是原样，或已不在。")
    return found


def stored() -> list[tuple]:
    """Return (id, day, digest, before, text) of every head, oldest first."""
    columns = DailyHead.id, DailyHead.day, DailyHead.digest, DailyHead.before, DailyHead.text
    return list(DailyHead.select(*columns).order_by(DailyHead.id).tuples())


def broken(do, say) -> list[str]:
    """Return a sentence for each head that is not what the database recomputes, or that table and folder tell apart."""
    [(_, rows)] = do([(stored, ())])
    found, before, kept = [], "", _files()
    for _, day, digest, above, text in rows:
        if above != before or [digest] != [own for _, own in parts(text)]:
            found.append(f"{day} 的每日校验值被改动过，或它前面的被删去了。")
        if digest not in kept:
            found.append(f"文件 {FOLDER}/{day}.txt 里没有那天的校验值，请从备份恢复它。")
        before = digest
    known = {digest for _, _, digest, _, _ in rows}
    found += [f"文件 {FOLDER}/{name} 里的校验值在数据库里没有：它被删去了。"
              for digest, name in sorted(kept.items(), key=lambda pair: pair[1]) if digest not in known]
    tasks = [(verify, (text,)) for _, _, _, _, text in rows if parts(text)]
    for done, (_, sentences) in enumerate(do(tasks), 1):
        found += sentences
        say("核对每日校验值", done, len(tasks))
    return sorted(set(found))


def _files() -> dict[str, str]:
    """Return {digest: name of the file} of all heads in the instance's folder."""
    folder = Path(current_app.config["PORTAL"]["instance"]) / FOLDER
    return {
        digest: path.name for path in sorted(folder.glob("*.txt"))
        for _, digest in parts(path.read_text(encoding="utf-8", errors="replace"))
    }
