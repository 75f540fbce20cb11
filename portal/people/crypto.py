"""Personal numbers at rest: sealed for reading back, HMAC-SHA256 with another key for finding.

A bare hash of an ID number would be guessed in hours: 17 digits with known region and birthday.
"""

import hashlib
import hmac

from flask import current_app

from portal.config import has_secret, secret
from portal.db import database
from portal.sealing import SUITE, key_id, seal, unseal
from portal.values import Refused


def _key(purpose: str) -> bytes:
    keys = current_app.extensions.setdefault("portal_people_keys", {})
    if purpose not in keys:
        instance, name = current_app.config["PORTAL"]["instance"], f"people-{purpose}"
        if not has_secret(instance, name) and in_use():
            raise Refused(LOST.format(name))
        keys[purpose] = secret(instance, name)
    return keys[purpose]


#: A new key in the place of a lost one would leave the old numbers closed for ever, and register people twice.
LOST = "密钥文件 keys/{} 不见了，已登记的号码打不开，也不能再登记；请系统管理员从备份恢复 keys 文件夹。"


def in_use() -> bool:
    """Tell whether some number was encrypted already, so that a key must exist."""
    wanted = "id_card_cipher <> '' OR phone_cipher <> ''"
    rows = database.execute_sql(f"SELECT 1 FROM people_resident WHERE {wanted} LIMIT 1")
    return rows.fetchone() is not None


def lost_keys() -> list[str]:
    """Return one sentence for each key that is gone or is not the one that the stored numbers were encrypted with."""
    instance = current_app.config["PORTAL"]["instance"]
    if not in_use():
        return []
    found = [LOST.format(f"people-{one}") for one in ("encryption", "index")
             if not has_secret(instance, f"people-{one}")]
    if found:
        return found
    stored = database.execute_sql(
        "SELECT id_card_cipher FROM people_resident WHERE id_card_cipher <> '' ORDER BY id LIMIT 1"
    ).fetchone()
    known = f"{SUITE}:{key_id(_key('encryption'))}:"
    if stored and not stored[0].startswith(known):
        return ["keys 文件夹里的密钥不是登记居民时用的那一把，号码打不开；请从备份恢复 keys 文件夹。"]
    return []


def encrypt(text: str, uuid: str, field: str) -> str:
    return seal(_key("encryption"), text, f"{uuid}.{field}")


def decrypt(stored: str, uuid: str, field: str) -> str:
    """Return the plain text; raises Refused where the key is another one or the row was tampered with."""
    return unseal(_key("encryption"), stored, f"{uuid}.{field}") if stored else ""


def blind_index(value: str) -> str | None:
    """Return what an exact search compares: HMAC-SHA256 in hex, None for nothing."""
    return hmac.new(_key("index"), value.encode(), hashlib.sha256).hexdigest() if value else None
