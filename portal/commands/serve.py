"""`portal serve`: gunicorn around one application, built before the workers are forked.

The application is built once, in the master: what cannot start (a damaged setting, a pending migration) is said in
one sentence before any worker exists, and a worker that is replaced later, at night, while somebody is half-way
through editing portal.toml, starts as the others did. Database connections never cross the fork: they are closed
first, and each thread opens its own. SIGHUP builds the application anew with the present settings; if that fails the
old one goes on.

Beside the workers the master keeps one process that runs the background jobs: it ends with the master, is started
again when it dies, and is replaced on SIGHUP as the workers are.
"""

import fcntl
import gc
import logging
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

import click
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.config import Config

from portal import config, create_app, db, jobs, logs
from portal.commands.sentences import sentence_for
from portal.commands.server_log import ACCESS_LOG, JsonLog, TextLog

log = logging.getLogger(__name__)

#: Seconds a stopping worker may take to finish what it began, and at least so many more than a statement may run.
GRACEFUL, BEYOND = 30, 15


@click.command()
@click.option("--host", help="监听地址，默认取设置 host。")
@click.option("--port", type=click.IntRange(1, 65535), help="监听端口，默认取设置 port。")
@click.option("--workers", type=click.IntRange(1, 64), help="进程数，默认取设置 workers。")
@click.pass_obj
def serve(instance, host, port, workers):
    """启动服务（gunicorn），设置取自 instance/portal.toml。"""
    given = {"host": host, "port": port, "workers": workers}
    run(instance, {key: value for key, value in given.items() if value is not None})


def run(instance, overrides: dict | None = None) -> None:
    """Serve `instance` until told to stop. Raises what create_app raises, PortInUse and InTheWay."""
    folder = config.instance_folder(instance)
    logs.configure(config.load(folder, overrides))
    Server(folder, overrides or {}).run()


class PortInUse(click.ClickException):
    """Nothing can listen at this address; the message says what to do."""


class InTheWay(click.ClickException):
    """Another command works on the instance, or has just changed where it lives; the message says what to do."""


def check_port(host: str, port: int) -> None:
    """Raise PortInUse unless a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError as error:
            raise PortInUse(
                f"不能在 {host}:{port} 上提供服务（{_why(error)}）。请停掉占用它的程序，或用 --port 换一个端口。"
            ) from error


def _why(error: OSError) -> str:
    known = {98: "端口已被占用", 13: "没有权限，1024 以下的端口要由系统管理员开放", 99: "本机没有这个地址"}
    return known.get(error.errno, error.strerror or "地址不可用")


class Server(BaseApplication):
    """gunicorn's view of the portal: its settings from ours, its callable built beforehand."""

    def __init__(self, folder: Path, overrides: dict):
        settings = config.load(folder, overrides)
        check_port(settings["host"], settings["port"])
        # Where it listens stays as it is until it is stopped: a reload must not fail on an address in use.
        self.folder, self.overrides = folder, overrides | {"host": settings["host"], "port": settings["port"]}
        self._build()
        super().__init__(prog="portal")

    def _build(self) -> None:
        _configured(config.load(self.folder, self.overrides))
        self.application = create_app(self.folder, self.overrides)
        self.settings = self.application.config["PORTAL"]
        close_connections()

    def load(self):
        return self.application

    def load_config(self) -> None:
        self.cfg = _configured(self.settings)

    def reload(self) -> None:
        """On SIGHUP: take the present settings, or go on with the old ones and the old database and say why."""
        try:
            self._build()
        except Exception as error:
            log.error("设置没有更新，继续按原来的运行：%s", sentence_for(error) or error)
            close_connections()
            db.open_for(self.settings)
            logs.init_app(self.application, self.settings)
        logs.configure(self.settings)
        self.callable = None
        self.do_load_config()

    def run(self) -> None:
        with open(self.folder / "serving.lock", "a") as lock:
            # Held while anybody serves: neither `portal demo --fresh` nor `portal move-to` may take the database away
            # underneath. Waiting for them would end in serving the database that was left.
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InTheWay("portal move-to 或 portal demo 正在动这个实例的数据库，请等它结束再启动。") from None
            if config.load(self.folder, self.overrides)["database"] != self.settings["database"]:
                raise InTheWay("设置 database 刚刚改过，请再启动一次。")
            try:
                Master(self).run()
            except RuntimeError as error:
                click.echo(f"错误：{error}", err=True)
                sys.exit(1)


class Master(Arbiter):
    """gunicorn's master that looks after the process of the jobs as well."""

    #: Seconds between two starts of the process of the jobs, should it die again and again.
    PATIENCE = 5

    def __init__(self, app):
        super().__init__(app)
        self.jobs_pid, self.jobs_from = 0, 0.0

    def manage_workers(self):
        super().manage_workers()
        if not self._jobs_live() and time.monotonic() >= self.jobs_from:
            self.jobs_from = time.monotonic() + self.PATIENCE
            self._start_jobs()

    def reload(self):
        """The old process of the jobs finishes what it is at while the new one waits for its turn."""
        self._tell_jobs(signal.SIGTERM)
        self.jobs_pid, self.jobs_from = 0, 0.0
        super().reload()

    def stop(self, graceful=True):
        self._tell_jobs(signal.SIGTERM if graceful else signal.SIGINT)
        super().stop(graceful)
        deadline = time.monotonic() + (self.cfg.graceful_timeout if graceful else 2)
        while self._jobs_live() and time.monotonic() < deadline:
            time.sleep(0.1)
        self._tell_jobs(signal.SIGKILL)
        self._jobs_live()

    def _jobs_live(self) -> bool:
        """Tell whether the process lives. gunicorn gathers every child, so ours may have been gathered already."""
        if self.jobs_pid:
            try:
                gone, _ = os.waitpid(self.jobs_pid, os.WNOHANG)
            except ChildProcessError:
                gone = self.jobs_pid
            if gone:
                self.jobs_pid = 0
        return self.jobs_pid != 0

    def _tell_jobs(self, sign) -> None:
        if self.jobs_pid:
            with suppress(ProcessLookupError):
                os.kill(self.jobs_pid, sign)

    def _start_jobs(self) -> None:
        master, signs = os.getpid(), {*self.SIGNALS, signal.SIGCHLD}
        # A sign that came while the new process still had the master's handlers would be lost in it.
        signal.pthread_sigmask(signal.SIG_BLOCK, signs)
        self.jobs_pid = os.fork()
        if self.jobs_pid:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, signs)
            return
        status = 1
        try:
            for sign in signs:
                signal.signal(sign, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, signs)
            for listener in self.LISTENERS:
                listener.close()
            with suppress(OSError):
                Path("/proc/self/comm").write_text("portal-jobs")  # what ps and top show
            jobs.work(self.app.application, parent=master)
            status = 0
        except BaseException:
            log.exception("后台任务的进程没有运行起来")
        finally:
            os._exit(status)


def _configured(settings: dict) -> Config:
    """Return gunicorn's configuration for ours; raise SettingsError for a value that it cannot work with."""
    configuration = Config(prog="portal")
    for name, value in gunicorn_settings(settings).items():
        if name in configuration.settings:  # an older gunicorn does not know them all
            try:
                configuration.set(name, value)
            except (TypeError, ValueError) as error:
                raise config.SettingsError(f"设置里的“{name}”不能用（{value}），请改正后再启动。") from error
    return configuration


def close_connections() -> None:
    """Close what this process holds open: an SQLite or PostgreSQL connection must not be shared across a fork."""
    if not db.database.is_closed():
        db.database.close()
    if db.is_postgres():
        db.database.obj.close_all()


def gunicorn_settings(settings: dict) -> dict:
    """Return gunicorn's settings for ours."""
    host = f"[{settings['host']}]" if ":" in settings["host"].strip("[]") else settings["host"]
    return {
        "bind": f"{host}:{settings['port']}",
        "workers": settings["workers"],
        "worker_class": "gthread",
        "threads": settings["threads"],
        "preload_app": True,  # with ours this only means: fork after the callable stands
        "pre_fork": _before_fork,
        "timeout": 60,  # for gthread the heartbeat of the worker, not the length of a request
        "graceful_timeout": max(GRACEFUL, settings["statement_timeout_seconds"] + BEYOND),
        "keepalive": 5,
        # A belt against a slow leak in somebody's plugin; jitter keeps the workers from leaving together.
        "max_requests": 20_000,
        "max_requests_jitter": 2_000,
        # Addresses and schemes in headers are judged in one place only, by the number of trusted_proxies.
        "forwarded_allow_ips": "",
        "accesslog": "-" if settings["log_level"] in ("DEBUG", "INFO") else None,
        "access_log_format": ACCESS_LOG,
        "logger_class": JsonLog if settings["log_format"] == "json" else TextLog,
        "loglevel": settings["log_level"].lower(),
        "proc_name": "portal",
        # The heartbeat is a file: in memory it goes on when the disk is full.
        "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,
        "control_socket_disable": True,
    }


def _before_fork(server, worker) -> None:
    gc.freeze()  # what stands now is never collected again, so that workers go on sharing its pages
