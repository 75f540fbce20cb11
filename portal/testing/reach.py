"""How far a plugin reaches: what acts on the whole application, and what it put in the place of something of ours."""

import sys
from types import FunctionType, ModuleType

from flask import Flask
from werkzeug.local import LocalProxy

#: Tables of an application whose key None means "on every page".
ON_EVERY_PAGE = (
    "before_request_funcs", "after_request_funcs", "teardown_request_funcs", "template_context_processors",
    "url_value_preprocessors", "url_default_functions",
)
#: What an application remembers once it was used.
CACHED = {"jinja_loader", "jinja_env", "_got_first_request"}
#: Whose functions no plugin may replace.
OTHERS = (
    "portal", "flask", "flask_login", "flask_wtf", "werkzeug", "jinja2", "peewee", "playhouse", "wtforms", "pluggy",
)


def reach_of(app: Flask) -> dict[str, list[str]]:
    """Return the names of all that acts on every page of `app`, so that two applications can be compared."""
    found = {name: [_named(one) for one in getattr(app, name).get(None, ())] for name in ON_EVERY_PAGE}
    found |= {name: [_named(one) for one in getattr(app, name)] for name in (
        "teardown_appcontext_funcs", "shell_context_processors", "url_build_error_handlers")}
    found["error handlers"] = [
        f"{code} {kind.__name__} {_named(one)}"
        for code, handlers in app.error_handler_spec.get(None, {}).items() for kind, one in handlers.items()
    ]
    found |= {name: [f"{key} {_named(one)}" for key, one in getattr(app.jinja_env, name).items()]
              for name in ("filters", "tests", "globals")}
    found["settings"] = [f"{key}={value!r}" for key, value in app.config.items() if key != "PORTAL"]
    found["converters"] = [f"{key} {_named(one)}" for key, one in app.url_map.converters.items()]
    found["extensions"] = [name for name in app.extensions if not name.startswith("portal_")]  # those are caches
    found["the application"] = [f"{name} {type(one).__name__}" for name, one in vars(app).items() if name not in CACHED]
    return {name: sorted(values) for name, values in found.items()}


def _named(one) -> str:
    if type(one) is LocalProxy:  # `request` and its like point nowhere outside of a request
        return "LocalProxy"
    return f"{getattr(one, '__module__', '')}.{getattr(one, '__qualname__', type(one).__name__)}"


def replaced_by(plugin: ModuleType) -> list[str]:
    """Return what of ours, or of the libraries below us, is now something that `plugin` defines."""
    place = plugin.__file__.removesuffix("__init__.py")
    found = []
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in OTHERS:
            for holder in [module, *(one for one in vars(module).values() if _is_class_of(one, name))]:
                inside = f"{holder.__name__}." if holder is not module else ""
                values = list(vars(holder).items())
                found += [f"{name}.{inside}{key}" for key, value in values if _lies_in(value, place)]
    return sorted(set(found))


def _is_class_of(one, module: str) -> bool:
    return isinstance(one, type) and one.__module__ == module


def _lies_in(value, place: str) -> bool:
    """Tell whether `value` is a function whose code stands at `place`; a decorator may lend it another name."""
    if isinstance(value, staticmethod | classmethod):
        value = value.__func__
    if isinstance(value, property):
        value = value.fget
    code = value.__code__ if isinstance(value, FunctionType) else None
    return code is not None and code.co_filename.startswith(place)
