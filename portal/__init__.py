"""The county's portal: `create_app` is its table of contents."""

from pathlib import Path

from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import (
    access,
    accounts,
    answers,
    audit,
    calendar,
    cases,
    config,
    db,
    files,
    forms,
    health,
    home,
    jobs,
    logs,
    migrations,
    notify,
    org,
    papers,
    partitions,
    people,
    province,
    render,
    search,
)
from portal.registry import Registry

#: The rooms, lowest first; each registers through the same hooks as a plugin of others.
CORE = (forms, audit, calendar, org, accounts, search, people, files, papers, notify, cases, province, jobs, health,
        home)


def create_app(instance: str | Path | None = None, overrides: dict | None = None, *, check: bool = True):
    """Return the Flask application for the folder `instance` (default: ./instance, or PORTAL_INSTANCE).

    Raises SettingsError, DatabaseUnusable or MigrationPending with one Chinese sentence that says what to do;
    `check=False` is for the commands that bring the database up to date.
    """
    folder = config.instance_folder(instance)
    settings = config.load(folder, overrides)
    db.open_for(settings)
    registry = Registry(CORE, settings)
    if check:
        db.check_writable(folder)
        migrations.check([owner for owner in registry.owners() if not owner.optional])
        registry.leave_out_unready()

    app = forms.Flask("portal", instance_path=str(folder), static_folder=None)
    app.config.from_mapping(config.for_flask(settings))
    render.init_app(app)
    db.init_app(app)
    logs.init_app(app, settings)
    if check:
        partitions.init_app(app)
    accounts.init_app(app)
    answers.init_app(app, settings)
    forms.init_app(app)
    files.init_app(app)
    access.init_app(app, registry, on_denied=audit.record_denied)
    CSRFProtect(app)
    registry.init_app(app)
    health.init_app(app)
    home.init_app(app)
    registry.check_routes(app)
    if settings["trusted_proxies"]:
        hops = settings["trusted_proxies"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
    return app
