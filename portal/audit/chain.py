"""The record as a chain: each entry carries on the one before it, with a key that lies outside the database.

An entry's digest is the HMAC-SHA256 over the link before and its own fields; the link that the next one carries on is
an HMAC over that digest. So somebody who has the database alone can compute neither: a changed, deleted, inserted or
moved entry is found, and a cut tail too, because the lane's own row keeps the number and the link of its last entry.

A transaction takes a lane that nobody else writes in (`FOR UPDATE SKIP LOCKED`) and keeps it until it ends. It waits
only where all are taken, and only if it holds none yet: so two never wait for each other.
"""

import contextlib
import hashlib
import hmac
import json
import os
import threading

from flask import current_app

from portal.audit.models import AuditEntry, AuditLane
from portal.config import has_secret, secret
from portal.db import atomic, database, is_postgres, now
from portal.sealing import key_id
from portal.values import Refused

#: The name of the key in the instance's folder `keys`.
KEY = "audit"
LOST = "密钥文件 keys/audit 不见了，审计记录接不下去，也无法核对；请系统管理员从备份恢复 keys 文件夹。" \
       "哪里都没有备份的，见 portal audit renew。"

SEALED = (
    "lane", "seq", "at", "county_id", "actor_id", "actor_name", "post_title", "unit_id", "unit_name", "address",
    "session", "action", "object_type", "object_id", "result", "detail", "changes", "request_id",
)

_text = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


class _Lane(threading.local):
    """The lane that this thread took last: the one that its running transaction holds, and a good first try."""

    number = None


_own = _Lane()

#: How many lanes a chain on PostgreSQL has, where many write at once; on SQLite there is one.
LANES = 32


def key() -> bytes:
    """Return the instance's key of the chain. Raises Refused where it is lost: a new one in its place would make
    every entry so far look forged."""
    extensions = current_app.extensions
    if "portal_audit_key" not in extensions:
        instance = current_app.config["PORTAL"]["instance"]
        if not has_secret(instance, KEY) and AuditLane.select().where(AuditLane.digest != "").exists():
            raise Refused(LOST)
        extensions["portal_audit_key"] = secret(instance, KEY)
    return extensions["portal_audit_key"]


def kept_key() -> tuple[bytes | None, str]:
    """Return the key for verifying and "", or None and the sentence that says what is wrong; makes none."""
    instance = current_app.config["PORTAL"]["instance"]
    if has_secret(instance, KEY):
        return key(), ""
    begun = AuditLane.select().where(AuditLane.digest != "").exists()
    return None, LOST if begun else ""


def seal(used: bytes, before: str, values) -> str:
    """Return the digest (hex, 64 characters) of an entry with `values` in the order of SEALED; `before` is the link.

    A moment counts as the database shows it ("2026-11-26 09:30:00"), `detail` and `changes` as what their JSON means.
    """
    values = [str(value) if name == "at" else value for name, value in zip(SEALED, values, strict=True)]
    return hmac.digest(used, _text([before, *values]).encode(), "sha256").hex()


def link(used: bytes, digest: str) -> str:
    """Return what the entry after one with `digest` carries on; no entry shows it, so a cut tail cannot be closed."""
    return hmac.digest(used, f"link {digest}".encode(), "sha256").hex()


def origin(used: bytes, lane: int, base: int = 0) -> str:
    """Return the link before the first entry of `lane`, or before the first after `base` where a new key was taken."""
    return hmac.digest(used, (f"lane {lane} after {base}" if base else f"lane {lane}").encode(), "sha256").hex()


def append(entry: AuditEntry) -> None:
    """Write `entry` as the next one of a lane, in the caller's transaction or one of its own."""
    with contextlib.nullcontext() if database.transaction_depth() else atomic():
        used = key()
        lane, seq, before = _take()
        if not before:
            begin()
            lane, seq, before = _take()
        write(entry, used, lane, seq, before)


def write(entry: AuditEntry, used: bytes, lane: int, seq: int, before: str) -> None:
    """Write `entry` after number `seq` of `lane`, which the transaction holds; `before` is the link there."""
    entry.lane, entry.seq = lane, seq + 1
    entry.digest = seal(used, before, [getattr(entry, name) for name in SEALED])
    entry.save(force_insert=True)
    AuditLane.update(seq=entry.seq, digest=link(used, entry.digest)).where(AuditLane.lane == lane).execute()


def _take() -> tuple[int, int, str]:
    """Return (lane, its last number, its link) of a lane that is ours until the transaction ends."""
    if not is_postgres():
        return database.execute_sql("SELECT lane, seq, digest FROM audit_lane WHERE lane = 1").fetchone()
    preferred = _own.number or 1 + (os.getpid() * 7 + threading.get_ident() // 4096) % LANES
    found = database.execute_sql(
        "SELECT lane, seq, digest FROM audit_lane ORDER BY lane <> %s, lane LIMIT 1 FOR UPDATE SKIP LOCKED",
        (preferred,),
    ).fetchone() or database.execute_sql(
        "SELECT lane, seq, digest FROM audit_lane WHERE lane = %s FOR UPDATE", (preferred,)).fetchone()
    _own.number = found[0]
    return found


def begin() -> None:
    """Start the chain of this instance with a line that says so, and that holds what was recorded before it."""
    used = key()
    query = AuditLane.select().order_by(AuditLane.lane)
    lanes = list(query.for_update() if is_postgres() else query)
    if any(one.digest for one in lanes):
        return
    for one in lanes:
        AuditLane.update(digest=origin(used, one.lane)).where(AuditLane.lane == one.lane).execute()
    count, digest = earlier()
    entry = AuditEntry(at=now(), action="audit.begin", object_type="audit", actor_name="系统",
                       detail={"before": count, "digest": digest, "key": key_id(used)})
    write(entry, used, lanes[0].lane, 0, origin(used, lanes[0].lane))


def add_lanes() -> None:
    """Give a chain that comes from SQLite, with its one lane, those that many writers on PostgreSQL need."""
    known = {lane: digest for lane, _, digest in lanes()}
    used = key() if any(known.values()) else b""
    fresh = [{"lane": lane, "digest": origin(used, lane) if used else ""}
             for lane in range(1, LANES + 1) if lane not in known]
    if fresh and is_postgres():
        AuditLane.insert_many(fresh).execute()


def earlier() -> tuple[int, str]:
    """Return how many entries lie outside the chain because they are older, and one digest over them all."""
    digest, count = hashlib.sha256(), 0
    for row in _rows("lane IS NULL ORDER BY id"):
        digest.update(_text([str(row[0]), *_plain(row[1:-1])]).encode())
        count += 1
    return count, digest.hexdigest()


def covered(bases: dict[int, int]) -> tuple[int, str]:
    """Return how many entries a renewed chain stands on (older than the chain, or up to `bases` of each lane), and one
    digest over them all with their own digests."""
    digest, count = hashlib.sha256(), 0
    for row in _rows("1 = 1 ORDER BY id"):
        lane, seq = row[1:3]
        if lane is None or seq <= bases.get(lane, 0):
            digest.update(_text([str(row[0]), *_plain(row[1:-1]), row[-1]]).encode())
            count += 1
    return count, digest.hexdigest()


def _rows(where: str, values: tuple = ()):
    """Yield (id, the SEALED fields, digest) as the driver gives them."""
    if is_postgres():
        where = where.replace("?", "%s")
    cursor = database.execute_sql(f"SELECT id, {', '.join(SEALED)}, digest FROM audit_entry WHERE {where}", values)
    while some := cursor.fetchmany(1000):
        yield from some


def _plain(values) -> list:
    """Return the fields of a row as `seal` takes them: SQLite keeps JSON as text."""
    return [
        json.loads(value) if name in ("detail", "changes") and isinstance(value, str) else
        str(value) if name == "at" else value
        for name, value in zip(SEALED, values, strict=True)
    ]


# -- verifying -----------------------------------------------------------------------------------------------------

def lanes() -> list[tuple[int, int, str]]:
    """Return (lane, last number, link) of each lane."""
    return list(AuditLane.select(AuditLane.lane, AuditLane.seq, AuditLane.digest).order_by(AuditLane.lane).tuples())


def renewals() -> list[AuditEntry]:
    """Return the entries that say that the chain goes on with a new key, oldest first."""
    return list(AuditEntry.select().where(
        AuditEntry.action == "audit.renew", AuditEntry.lane.is_null(False)).order_by(AuditEntry.id))


def bases() -> dict[int, int]:
    """Return {lane: number of its last entry under a key that is lost}; nothing where the first key is in use."""
    return {lane: base for one in renewals()[-1:] for lane, base in one.detail["lanes"]}


def broken(used: bytes, lane: int, first: int, last: int, base: int = 0) -> tuple[int, list[str]]:
    """Hold the entries of `lane` numbered `first` to `last` against their digests; return how many were read, and a
    sentence for each that was changed, is missing or does not belong there. Those up to `base` have another key."""
    before, expected, read, found = origin(used, lane, base) if first == base + 1 else None, first, 0, []
    for row in _rows("lane = ? AND seq BETWEEN ? AND ? ORDER BY seq", (lane, max(first - 1, base + 1), last)):
        seq, digest = row[2], row[-1]
        if seq >= first:
            read += 1
            if seq > expected:
                found.append(f"审计记录少了第 {lane} 道的 {_span(expected, seq - 1)} 号：被删去了。")
                before = None
            if before is not None and digest != seal(used, before, _plain(row[1:-1])):
                found.append(f"审计记录 {row[0]}（{row[3]}，第 {lane} 道 {seq} 号）被改动过，或不是平台写的。")
            expected = seq + 1
        before = link(used, digest)
    if expected <= last:
        found.append(f"审计记录少了第 {lane} 道的 {_span(expected, last)} 号：被删去了。")
    return read, found


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} 至 {last}"


def ends_broken(used: bytes) -> list[str]:
    """Hold the rows of the lanes against the last entries, and what is older than the chain against its first line."""
    found, known, renewed = [], lanes(), bases()
    for lane, seq, digest in known:
        base = renewed.get(lane, 0)
        last = AuditEntry.get_or_none(AuditEntry.lane == lane, AuditEntry.seq == seq) if seq > base else None
        wanted = link(used, last.digest) if last else origin(used, lane, base)
        if digest != wanted and (seq <= base or last):
            found.append(f"审计记录第 {lane} 道的末尾与登记的不符：末尾的记录被删去或改动过。")
    beyond = "SELECT e.id FROM audit_entry e LEFT JOIN audit_lane l ON l.lane = e.lane WHERE e.lane IS NOT NULL " \
             "AND (l.lane IS NULL OR e.seq > l.seq OR e.seq < 1) ORDER BY e.id LIMIT 20"
    found += [f"审计记录 {key} 不在任何一道里：不是平台写的，或末尾的登记被改回去了。"
              for (key,) in database.execute_sql(beyond).fetchall()]
    return found + _beginning_broken(used)


def _begun() -> list[AuditEntry]:
    return list(AuditEntry.select().where(AuditEntry.action == "audit.begin", AuditEntry.lane.is_null(False)))


def _beginning_broken(used: bytes) -> list[str]:
    begun, (count, digest) = _begun(), earlier()
    if not begun:
        return ["审计记录的开头不见了。"]
    first = begun[0].detail
    found = ["审计记录有不止一个开头。"] if len(begun) > 1 else []
    if renewed := renewals():
        return found + _renewal_broken(used, renewed[-1])
    if first.get("key") != key_id(used):
        found.append("密钥文件 keys/audit 不是审计记录开头时用的那一把，无法核对；请从备份恢复 keys 文件夹。")
    if (first.get("before"), first.get("digest")) != (count, digest):
        found.append(f"审计链开始以前的 {first.get('before')} 条记录被改动过，现有 {count} 条。")
    return found


def _renewal_broken(used: bytes, renewed: AuditEntry) -> list[str]:
    """Hold what was recorded under a lost key against the line that says so; it stands in the chain of the new key."""
    said = renewed.detail
    stands_on = dict(map(tuple, said["lanes"]))
    if renewed.seq <= stands_on.get(renewed.lane, 0):
        return ["审计记录换密钥的那一条不是平台写的。"]
    found, (count, digest) = [], covered(stands_on)
    if said["key"] != key_id(used):
        found.append("密钥文件 keys/audit 不是换密钥以后用的那一把，无法核对；请从备份恢复 keys 文件夹。")
    if (said["before"], said["digest"]) != (count, digest):
        found.append(f"换密钥以前的 {said['before']} 条审计记录被改动过，现有 {count} 条。")
    return found
