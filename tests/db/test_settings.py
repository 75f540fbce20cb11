"""Settings: which of them counts, and a sentence for what cannot be meant."""

import pytest

from portal import config
from portal.config import SettingsError


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Return a function that reads settings from a file, the environment (upper case) and a caller."""
    def load(text: str | bytes = "", overrides: dict | None = None, **environment):
        (tmp_path / "portal.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return config.load(tmp_path, overrides)

    for name in list(config.os.environ):
        if name.startswith("PORTAL_"):
            monkeypatch.delenv(name)
    return load


def test_a_caller_counts_before_the_environment_before_the_file_before_the_default(load):
    assert load()["port"] == 8000
    assert load("port = 8001")["port"] == 8001
    assert load("port = 8001", PORTAL_PORT="8002")["port"] == 8002
    assert load("port = 8001", {"port": 8003}, PORTAL_PORT="8002")["port"] == 8003


def test_the_file_may_be_absent(tmp_path):
    assert config.load(tmp_path)["database"] == "portal.db"


@pytest.mark.parametrize(("name", "text", "value"), [
    ("PORTAL_HTTPS", "true", True), ("PORTAL_HTTPS", "0", False), ("PORTAL_WORKERS", "4", 4),
    ("PORTAL_TRUSTED_HOSTS", "a.gov, b.gov,", ["a.gov", "b.gov"]), ("PORTAL_PORTAL_NAME", "三台县", "三台县"),
])
def test_the_environment_is_read_as_what_the_setting_is(load, name, text, value):
    assert load(**{name: text})[name.removeprefix("PORTAL_").lower()] == value


@pytest.mark.parametrize(("text", "words"), [
    ("port = ", ["portal.toml", "已损坏"]), ('portal_name = "三台"'.encode("gbk"), ["已损坏"]),
    ('datbase = "portal.db"', ["datbase", "检查拼写"]), ('port = "8000"', ["port", "整数"]),
    ("https = 1", ["https", "true 或 false"]), ("workers = true", ["workers", "整数"]),
    ("database = 5", ["database", "文字"]), ('trusted_hosts = "a"', ["trusted_hosts", "列表"]),
    ("trusted_hosts = [1]", ["trusted_hosts", "文字的列表"]), ("port = 0", ["port", "1 到 65535"]),
    ("port = 70000", ["port", "65535"]), ("workers = -3", ["workers", "1 到 64"]),
    ("idle_minutes = 0", ["idle_minutes"]),
    ("red_percent = 101", ["red_percent", "100"]), ('password_profile = "easy"', ["dengbao、asvs"]),
    ('log_level = "loud"', ["log_level", "WARNING"]), ("trusted_proxies = -1", ["trusted_proxies", "0 到 10"]),
    ("testing = true", ["testing"]), ("strict = false", ["strict"]), ("[server]\nport = 8000", ["server"]),
])
def test_what_cannot_be_meant_is_one_sentence(load, text, words):
    with pytest.raises(SettingsError) as refused:
        load(text)
    assert all(word in str(refused.value) for word in words) and "\n" not in str(refused.value), refused.value


@pytest.mark.parametrize(("name", "word"), [
    ("PORTAL_DATBASE", "PORTAL_DATABASE"), ("PORTAL_TRUSTED_HOST", "PORTAL_TRUSTED_HOSTS"),
    ("PORTAL_WORKER", "PORTAL_WORKERS"),
])
def test_a_misspelt_variable_is_not_passed_over(load, name, word):
    with pytest.raises(SettingsError, match=f"{name} .*{word}"):
        load(**{name: "1"})


def test_variables_of_others_are_none_of_ours(load):
    found = load(PORTAL_INSTANCE="/tmp", PORTAL_TEST_POSTGRES="x", PORTAL_SOMETHING_ELSE="1", PORTALS="1")
    assert found["port"] == 8000


def test_only_a_caller_hands_in_what_is_for_tests(load):
    assert load(overrides={"testing": True, "strict": False})["strict"] is False
    with pytest.raises(SettingsError, match="colour"):
        load(overrides={"colour": "red"})


def test_a_key_is_made_once_and_read_by_its_owner_only(tmp_path):
    first = config.secret(tmp_path, "session")
    assert config.secret(tmp_path, "session") == first and len(first) == 32
    assert (tmp_path / "keys" / "session").stat().st_mode & 0o777 == 0o600
    assert config.secret(tmp_path, "people") != first


@pytest.mark.parametrize("content", ["no hexadecimal figures", "\x00", "", "abcd"])
def test_a_damaged_key_is_never_replaced(tmp_path, content):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "session").write_text(content)
    with pytest.raises(SettingsError, match="从备份恢复"):
        config.secret(tmp_path, "session")
    assert (tmp_path / "keys" / "session").read_text() == content


def test_a_network_that_is_none_is_named(load):
    with pytest.raises(SettingsError, match="10.1.2/33"):
        load('admin_addresses = ["10.1.2/33"]')
