"""What a browser says of itself, in the words in which its owner knows it. Only shown, never trusted."""

import re

#: The first that matches counts: every browser also claims to be the ones below it.
BROWSERS = (
    (r"qaxbrowser", "奇安信可信浏览器"), (r"\bUOS\b|UOSBrowser", "统信浏览器"), (r"kylinbrowser", "麒麟浏览器"),
    (r"micromessenger", "微信"), (r"edg(?:e|a|ios)?/", "Edge"), (r"firefox|fxios", "Firefox"),
    (r"chrome|crios|chromium", "Chrome"), (r"safari", "Safari"),
)
SYSTEMS = (
    (r"harmony", "鸿蒙"), (r"android", "安卓手机"), (r"iphone|ipad", "苹果手机"), (r"windows", "Windows 电脑"),
    (r"mac os", "苹果电脑"), (r"linux", "Linux 电脑"),
)


def device_of(agent: str) -> str:
    """Return "奇安信可信浏览器，Windows 电脑" for the text of a User-Agent header; "未知设备" for nothing known."""
    known = [_first(BROWSERS, agent), _first(SYSTEMS, agent)]
    return "，".join(name for name in known if name) or "未知设备"


def _first(names, agent: str) -> str:
    return next((name for pattern, name in names if re.search(pattern, agent, re.IGNORECASE)), "")
