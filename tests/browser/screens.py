"""Pictures of the pages that matter, to lay beside earlier ones: python -m tests.browser.screens FOLDER"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM, DESKTOP, PHONE, sign_in
from tests.commands.server import ROOT, Served, environment

SCREENS = (
    ("", "sign-in", "/accounts/sign-in"), ("cun", "workbench", "/"), ("zhen", "list", "/cases/"),
    ("zhen", "case-overdue", "/cases/{overdue}"), ("cun", "case-paused", "/cases/{paused}"),
    ("cun", "step", "/cases/{new}/steps/correct"), ("cun", "choose", "/station/receive"),
    ("zhener", "receive", "/station/receive/9"), ("cun", "guide", "/station/items"), ("cun", "people", "/people/"),
    ("cun", "receipt", "/cases/{archived}/papers/receipt"), ("xitong", "calendar", "/calendar"),
    ("shenji", "audit", "/audit/"), ("xitong", "settings", "/org/settings"),
    ("lingdao", "figures", "/cases/figures?span=year"),
    ("minzheng", "special", "/cases/{special}/papers/special"),
)


def take(browser, served_at: str, cases: dict, folder: Path) -> None:
    for size, options in (("desktop", DESKTOP), ("phone", PHONE)):
        for name in dict.fromkeys(who for who, _, _ in SCREENS):
            context = browser.new_context(**options, base_url=served_at, locale="zh-CN")
            page = context.new_page()
            if name:
                sign_in(page, name)
            for _, title, url in (screen for screen in SCREENS if screen[0] == name):
                page.goto(url.format(**cases), wait_until="networkidle")
                page.screenshot(path=folder / f"{title}-{size}.png")
            context.close()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as ground, sync_playwright() as playwright:
        build = [sys.executable, "-m", "tests.browser.ground", f"{ground}/instance"]
        built = subprocess.run(build, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True)
        with Served(ground, workers=1) as served:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            at = f"http://127.0.0.1:{served.port}"
            take(browser, at, json.loads(built.stdout.splitlines()[-1]), folder.resolve())
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
