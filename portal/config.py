"""Settings: defaults < instance/portal.toml < PORTAL_* in the environment < what a caller hands in.

A damaged file or an unknown key is one clear sentence (`SettingsError`), never a guess: a misspelt
`datbase = "..."` that is silently ignored would let a county write into the wrong database.
"""

import difflib
import ipaddress
import os
import secrets
import tomllib
from pathlib import Path

DEFAULTS = {
    # A file below the instance folder, or postgresql://user@host:port/name
    "database": "portal.db",
    # A read-only standby of a PostgreSQL database, for lists and figures: postgresql://...; empty: none.
    "replica": "",
    # A standby that is more seconds behind is not read from.
    "replica_lag_seconds": 10,
    # Seconds that one statement of a page may run; commands take as long as they need.
    "statement_timeout_seconds": 15,
    "portal_name": "基层治理平台",
    "host": "127.0.0.1",
    "port": 8000,
    "workers": 2,
    "threads": 4,
    # Host names that this portal answers to; an empty list means: only the address it listens on.
    "trusted_hosts": [],
    # How many reverse proxies in front may be believed about the client's address and scheme.
    "trusted_proxies": 0,
    "https": False,
    # "dengbao" (GB/T 22239-2019 8.1.4.1: complexity and periodic change) or "asvs" (ASVS 5.0 6.2: neither).
    "password_profile": "dengbao",
    # Who must sign in with a changing code beside the password: "offered" (whoever sets it up), "admins", "all".
    "second_factor": "offered",
    "idle_minutes": 30,
    "admin_idle_minutes": 15,
    "session_hours": 10,
    # How many sign-ins of one account live at once; one more ends the oldest.
    "sessions_at_once": 5,
    # Networks from which administrators may sign in (CIDR); an empty list means: from everywhere.
    "admin_addresses": [],
    "lock_after": 5,
    "lock_minutes": 15,
    "initial_password_hours": 24,
    "upload_megabytes": 20,
    "yellow_percent": 60,
    "red_percent": 90,
    # Plugins to leave out although they are installed.
    "without_plugins": [],
    # So many failures of one hook of a plugin in ten minutes, and it is left alone for so long; every so many seconds
    # that one call takes count as a failure.
    "plugin_failures": 3,
    "plugin_pause_minutes": 5,
    "plugin_slow_seconds": 3,
    # With it a program on another machine may read /metrics ("Authorization: Bearer ..."); empty: only on this machine.
    "metrics_token": "",
    "log_level": "INFO",
    # "text" for people, "json" for a central log: one object a line.
    "log_format": "text",
    # Statements that take so many milliseconds are named in the log, without their values; 0: none.
    "slow_query_ms": 500,
}

#: What a number may be; the others are at least 1.
RANGES = {
    "port": (1, 65535), "workers": (1, 64), "threads": (1, 64), "trusted_proxies": (0, 10), "session_hours": (1, 24),
    "sessions_at_once": (1, 50), "plugin_failures": (1, 1000), "plugin_pause_minutes": (1, 60),
    "plugin_slow_seconds": (1, 60), "statement_timeout_seconds": (1, 120), "replica_lag_seconds": (2, 3600),
    "yellow_percent": (1, 100), "red_percent": (1, 100), "slow_query_ms": (0, 600_000), "upload_megabytes": (1, 200),
}
CHOICES = {
    "password_profile": ("dengbao", "asvs"), "second_factor": ("offered", "admins", "all"),
    "log_level": ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
    "log_format": ("text", "json"),
}

#: Only a caller (a test) may hand these in. `strict`: a plugin that fails stops the start, or the page; None: in tests.
INTERNAL = {"testing", "plugins", "strict", "argon2_time_cost", "argon2_memory_kib"}


class SettingsError(Exception):
    """The settings cannot be used; the message is one Chinese sentence that says what to do."""


def load(instance: Path, overrides: dict | None = None) -> dict:
    """Return all settings for `instance`, a folder that need not exist yet.

    Raises SettingsError for a damaged file, an unknown key, or a value of the wrong type or out of its range.
    """
    settings = dict(DEFAULTS, testing=False, plugins=None, strict=None)
    settings |= _from_file(instance / "portal.toml")
    settings |= _from_environment()
    for key, value in (overrides or {}).items():
        if key not in DEFAULTS and key not in INTERNAL:
            raise SettingsError(f"没有名为“{key}”的设置。")
        settings[key] = value
    settings["instance"] = Path(instance)
    return settings


def _from_file(path: Path) -> dict:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"设置文件 {path.name} 已损坏（{error}）。请改正后再启动，或移走它以使用默认设置。"
        ) from error
    except OSError as error:
        raise SettingsError(f"读不到设置文件 {path.name}（{error.strerror}）。请检查文件权限后再启动。") from error
    return {key: _checked(key, value, path.name) for key, value in found.items()}


def _from_environment() -> dict:
    found = {}
    for name, text in os.environ.items():
        key = name.removeprefix("PORTAL_").lower()
        if not name.startswith("PORTAL_"):
            continue
        if key in DEFAULTS:
            found[key] = _checked(key, _parsed(text, DEFAULTS[key]), name)
        elif close := difflib.get_close_matches(key, DEFAULTS, 1, 0.8):
            # Other programs may use the same beginning; what is nearly one of ours is a mistake.
            raise SettingsError(f"环境变量 {name} 不是已知的设置，是不是 PORTAL_{close[0].upper()}？")
    return found


def _parsed(text: str, default):
    if isinstance(default, bool):
        return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(text.lower(), text)
    if isinstance(default, int):
        return int(text) if text.isdigit() else text
    if isinstance(default, list):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _checked(key: str, value, where: str):
    if key not in DEFAULTS:
        raise SettingsError(f"{where} 里的“{key}”不是已知的设置，请检查拼写。")
    if type(value) is not type(DEFAULTS[key]):
        kinds = {bool: "true 或 false", int: "整数", str: "文字", list: "列表"}
        raise SettingsError(f"{where} 里的“{key}”应为{kinds[type(DEFAULTS[key])]}。")
    if isinstance(value, list) and not all(isinstance(one, str) for one in value):
        raise SettingsError(f"{where} 里的“{key}”应为文字的列表，例如 [\"a\", \"b\"]。")
    if type(value) is int:
        least, most = RANGES.get(key, (1, 1_000_000))
        if not least <= value <= most:
            raise SettingsError(f"{where} 里的“{key}”应在 {least} 到 {most} 之间。")
    if key == "admin_addresses":
        _check_networks(value, where)
    if key == "metrics_token" and 0 < len(value) < 16:
        raise SettingsError(f"{where} 里的“{key}”至少要 16 个字符，请用随机的，例如 openssl rand -hex 16 的输出。")
    if value not in CHOICES.get(key, (value,)):
        raise SettingsError(f"{where} 里的“{key}”应为 {'、'.join(CHOICES[key])} 之一。")
    return value


def has_secret(instance: Path, name: str) -> bool:
    return (instance / "keys" / name).exists()


def _check_networks(networks: list[str], where: str) -> None:
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise SettingsError(
                f"{where} 里 admin_addresses 的“{network}”不是网段，应写成 10.1.2.0/24 或 10.1.2.3 的样子。"
            ) from error


def secret(instance: Path, name: str, size: int = 32) -> bytes:
    """Return the key `name` (bytes) of this instance; create it at first use, readable by its owner only.

    Each purpose has a key of its own (sessions, encryption, blind index), so that one can be replaced
    without the others and none of them is ever in the database or its backup.
    """
    folder = instance / "keys"
    path = folder / name
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
        if len(key) < size:  # cut off by a full disk or a careless copy
            raise ValueError
        return key
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"密钥文件 keys/{name} 读不出来，请从备份恢复它；换一把新的会使已加密的数据永远打不开。"
        ) from error
    fresh = secrets.token_bytes(size)
    draft = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(fresh.hex())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # two workers starting at once: the first link wins, both read the same key
    except FileExistsError:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    finally:
        draft.unlink()
    return fresh


def instance_folder(given: str | Path | None = None) -> Path:
    return Path(given or os.environ.get("PORTAL_INSTANCE") or "instance").absolute()


def for_flask(settings: dict) -> dict:
    """Return Flask's own configuration; ours stays together under the key PORTAL."""
    secure = settings["https"]
    return {
        "PORTAL": settings,
        "SECRET_KEY": secret(settings["instance"], "session"),
        "SESSION_COOKIE_NAME": "__Host-portal" if secure else "portal",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "TRUSTED_HOSTS": settings["trusted_hosts"] or ["127.0.0.1", "localhost", "[::1]", settings["host"]],
        "MAX_CONTENT_LENGTH": settings["upload_megabytes"] * 9 * 2**20,
        "MAX_FORM_MEMORY_SIZE": 2 * 2**20,
        "WTF_CSRF_TIME_LIMIT": None,  # the token ends with the session, not while somebody writes a long text
        "WTF_CSRF_SSL_STRICT": False,
        "TESTING": settings["testing"],
        "PROPAGATE_EXCEPTIONS": False,
    }
