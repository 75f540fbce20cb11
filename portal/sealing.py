"""Texts that must not be readable at rest: AES-256-GCM with a key that lies outside the database.

A stored text is "A1:<key id>:<base64 of nonce and ciphertext>"; the suite and the key id let another suite (SM4-GCM) or
a new key come beside the old one. The context (which row, which field) is authenticated with it, so that a ciphertext
cannot be moved elsewhere.
"""

import base64
import hashlib
import logging
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.values import Refused

log = logging.getLogger(__name__)

SUITE = "A1"


def key_id(key: bytes) -> str:
    return hashlib.sha256(b"key id" + key).hexdigest()[:8]


def seal(key: bytes, text: str, context: str) -> str:
    """Return `text` encrypted with `key` (32 bytes) for `context`; "" for nothing."""
    if not text:
        return ""
    nonce = secrets.token_bytes(12)
    sealed = nonce + AESGCM(key).encrypt(nonce, text.encode(), context.encode())
    return f"{SUITE}:{key_id(key)}:{base64.b64encode(sealed).decode()}"


def unseal(key: bytes, stored: str, context: str) -> str:
    """Return the plain text; raises Refused where the key is another one or the row was tampered with."""
    if not stored:
        return ""
    suite, _, rest = stored.partition(":")
    used, _, body = rest.partition(":")
    if suite == SUITE and used != key_id(key):
        raise Refused("这条记录是用另一把密钥加密的，请系统管理员从备份恢复 keys 文件夹。")
    try:
        sealed = base64.b64decode(body, validate=True)
        if suite == SUITE:
            return AESGCM(key).decrypt(sealed[:12], sealed[12:], context.encode()).decode()
    except (InvalidTag, ValueError) as error:
        log.error("a ciphertext of %s is damaged: %r", context.rpartition(".")[2], error)
    raise Refused("这条记录的加密内容被改动过，请报告安全管理员。")
