"""The key of the chain is lost for good: a new one is taken, and the chain goes on from a line that says so.

That line holds one digest over all that was recorded before, so nothing of it can be changed from then on without being
found. Whether it was changed earlier, only daily heads that were kept elsewhere can say.
"""

from pathlib import Path

from flask import current_app

from portal.audit import chain
from portal.audit.models import AuditEntry, AuditLane
from portal.config import has_secret, secret
from portal.db import atomic, is_postgres, now
from portal.sealing import key_id
from portal.values import Refused

THERE = "密钥文件 keys/audit 还在，不用换。（它不是原来那一把、核对不上的，请先从备份恢复；没有备份的，把它移走再换。）"
NOT_BEGUN = "审计链还没有开始，没有密钥可丢；第一次记录时会自动生成。"


def renew(reason: str) -> AuditEntry:
    """Take a new key for the chain and say so in it. Raises Refused while the old key is there."""
    instance = current_app.config["PORTAL"]["instance"]
    if has_secret(instance, chain.KEY):
        raise Refused(THERE)
    if not reason.strip():
        raise Refused("请写明密钥怎么丢的、找过哪些备份。")
    try:
        with atomic():
            return _renewed(instance, reason.strip())
    except BaseException:
        current_app.extensions.pop("portal_audit_key", None)
        (Path(instance) / "keys" / chain.KEY).unlink(missing_ok=True)  # a key that nothing was sealed with
        raise


def _renewed(instance, reason: str) -> AuditEntry:
    query = AuditLane.select().order_by(AuditLane.lane)
    lanes = list(query.for_update() if is_postgres() else query)
    if not any(one.digest for one in lanes):
        raise Refused(NOT_BEGUN)
    bases = {one.lane: one.seq for one in lanes}
    count, digest = chain.covered(bases)
    used = current_app.extensions["portal_audit_key"] = secret(instance, chain.KEY)
    for lane, base in bases.items():
        AuditLane.update(digest=chain.origin(used, lane, base)).where(AuditLane.lane == lane).execute()
    entry = AuditEntry(
        at=now(), action="audit.renew", object_type="audit", actor_name="系统",
        detail={"reason": reason[:200], "before": count, "digest": digest, "key": key_id(used),
                "lanes": [[lane, base] for lane, base in bases.items() if base]},
    )
    chain.write(entry, used, lanes[0].lane, lanes[0].seq, chain.origin(used, lanes[0].lane, lanes[0].seq))
    return entry
