"""`portal serve`: one application, several workers, and an administrator who edits settings meanwhile."""

import os
import signal
import subprocess
import sys
import time
import urllib.request

from tests.commands.server import Served, environment, free_port, portal


def until(condition, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def name_shown(served) -> str:
    return served.open("/accounts/sign-in").text


def test_hup_takes_the_present_settings_and_keeps_the_old_ones_rather_than_stop(place):
    settings = place / "instance" / "portal.toml"
    with Served(place) as served:
        settings.write_text('portal_name = "青山县平台"', encoding="utf-8")
        served.process.send_signal(signal.SIGHUP)
        until(lambda: "青山县平台" in name_shown(served))
        for damaged in ("portal_name = ", "workers = -1", 'database = "other.db"'):
            settings.write_text(damaged, encoding="utf-8")
            before = served.workers()
            served.process.send_signal(signal.SIGHUP)
            until(lambda before=before: len(served.workers()) == 2 and not set(before) & set(served.workers()))
            assert "青山县平台" in name_shown(served)
        assert "继续按原来的运行" in served.log.read_text()


def test_a_worker_that_is_replaced_while_the_settings_are_damaged_starts_as_the_others_did(place):
    with Served(place) as served:
        (place / "instance" / "portal.toml").write_text("portal_name = ", encoding="utf-8")
        before = served.workers()
        for worker in before:
            os.kill(worker, signal.SIGKILL)
        until(lambda: len(served.workers()) == 2 and not set(before) & set(served.workers()))
        assert served.open("/accounts/sign-in").status == 200


def test_term_ends_it_with_status_0(place):
    with Served(place) as served:
        served.process.terminate()
        assert served.process.wait(15) == 0


def test_the_access_log_names_nobody(place):
    with Served(place) as served:
        address = f"http://127.0.0.1:{served.port}/accounts/sign-in?next=/search/?q=%E5%BC%A0%E4%B8%89"
        headers = {"User-Agent": "Somebody/1.0", "Referer": f"http://127.0.0.1:{served.port}/people/?name=zhang"}
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            urllib.request.Request(address, headers=headers), timeout=10
        ).close()
        until(lambda: "GET /accounts/sign-in 200" in served.log.read_text())
        line = next(line for line in served.log.read_text().splitlines() if "/accounts/sign-in" in line)
    for private in ("127.0.0.1", "q=", "%E5", "Somebody", "people"):
        assert private not in line, line


def test_gunicorn_serves_it_without_our_command(place):
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--workers", "2", "--bind", f"127.0.0.1:{port}", "wsgi:app"],
        cwd=place, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def answers() -> bool:
            try:
                with opener.open(f"http://127.0.0.1:{port}/accounts/sign-in", timeout=5) as answer:
                    return answer.status == 200
            except OSError:
                return False

        until(answers, 30)
    finally:
        process.terminate()
        process.wait(15)


def test_plugin_list_names_what_is_there_and_what_was_left_out(place):
    plugins = place / "instance" / "plugins"
    plugins.mkdir(exist_ok=True)
    (plugins / "broken.py").write_text("raise ValueError('nothing works')", encoding="utf-8")
    outcome = portal("plugin", "list", cwd=place)
    assert outcome.status == 0 and "Traceback" not in outcome.err
    assert "station" in outcome.out and "便民服务站" in outcome.out
    assert "broken" in outcome.out and "nothing works" in outcome.out
    failed = portal("check", cwd=place)
    assert failed.status == 1 and "broken" in failed.out and "Traceback" not in failed.err
    with Served(place) as served:
        assert served.open("/accounts/sign-in").status == 200
