"""The yardstick: Flask with a session and a signed-in user's name, answering one constant page of a given size."""

import os

import flask

app = flask.Flask(__name__)
app.secret_key = "only for the bench, which listens on loopback"  # noqa: S105
PAGE = "<!doctype html><title>constant</title>" + "x" * int(os.environ.get("BENCH_PAGE_SIZE", "30000"))


@app.get("/enter")
def enter():
    flask.session["user"] = "bench"
    return "in"


@app.get("/")
def page():
    if flask.session.get("user") != "bench":
        return "not signed in", 403
    return PAGE
