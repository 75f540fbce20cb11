"""The sign-ins on the own page are told apart by words that people know."""

import pytest

from portal.accounts.devices import device_of

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/90.0.4430.246 Safari/537.36"
UOS = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/93.0.4577.63 Safari/537.36 UOS"


@pytest.mark.parametrize("agent, shown", [
    (WINDOWS, "Chrome，Windows 电脑"), (WINDOWS + " Qaxbrowser", "奇安信可信浏览器，Windows 电脑"),
    (UOS, "统信浏览器，Linux 电脑"),
    ("Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 Chrome/110 Mobile Safari/537.36", "Chrome，安卓手机"),
    ("", "未知设备"), ("<script>", "未知设备"),
])
def test_a_device_is_named_as_its_owner_knows_it(agent, shown):
    assert device_of(agent) == shown
