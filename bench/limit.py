"""The limit server: the same pages by hand, as lean as Flask and Jinja allow: session and person by one query, the rows
by one more, one template without a macro. What the portal costs beyond it is what the portal does beyond it.

Served by gunicorn as `bench.limit:app` with BENCH_DATABASE (a path, or postgresql://...). It knows no rights: it is
held against the portal on loopback, with the rows of the bench.
"""

import datetime
import hashlib
import os
import secrets
import threading

import cysqlite
import flask
import psycopg

app = flask.Flask(__name__)
app.secret_key = "only for the bench, which listens on loopback"  # noqa: S105
DATABASE = os.environ.get("BENCH_DATABASE", "")
POSTGRES = DATABASE.startswith("postgres")
_local = threading.local()

COLUMNS = "c.id, c.number, c.title, c.applicant, c.state, c.opened, c.due, c.closed, u.short, p.short"
JOINED = ("FROM cases_case c JOIN org_unit u ON u.id = c.unit_id LEFT JOIN org_unit p ON p.id = "
          "coalesce(c.grid_id, c.village_id, c.town_id, c.county_id)")
LIST = app.jinja_env.from_string("""<!doctype html><title>limit</title><h1>{{ person }}</h1>
<table>{% for row in rows %}<tr class="row"><td><a href="/case/{{ row[0] }}">{{ row[1] }}</a></td><td>{{ row[2] }}</td>
<td>{{ row[3] }}</td><td><span class="state">{{ row[4] }}</span></td><td>{{ row[5] }}</td><td>{{ row[6] or "" }}</td>
<td>{{ row[7] or "" }}</td><td>{{ row[8] }}</td><td>{{ row[9] }}</td></tr>{% endfor %}</table>""")
CASE = app.jinja_env.from_string("""<!doctype html><title>limit</title><h1>{{ case[1] }}</h1><dl>
{% for value in case %}<dt>{{ loop.index }}</dt><dd>{{ value }}</dd>{% endfor %}</dl><ol>{% for row in entries %}
<li>{% for value in row %}<span>{{ value }}</span>{% endfor %}</li>{% endfor %}</ol>""")


def run(sql: str, *values, rows: bool = True):
    if not hasattr(_local, "connection"):
        if POSTGRES:
            _local.connection = psycopg.connect(DATABASE, autocommit=True, application_name="bench-limit")
        else:
            _local.connection = cysqlite.connect(DATABASE)
            _local.connection.execute("PRAGMA busy_timeout = 5000")
            _local.connection.execute("PRAGMA synchronous = full")
    cursor = _local.connection.execute(sql.replace("?", "%s") if POSTGRES else sql, values)
    return cursor.fetchall() if rows else None


def person() -> tuple:
    """Return (user, name, unit, the place column of the area, its value)."""
    found = run(
        "SELECT s.user_id, a.full_name, u.id, u.level, u.reach, u.county_id, u.town_id FROM accounts_session s JOIN "
        "accounts_user a ON a.id = s.user_id JOIN accounts_post o ON o.user_id = a.id JOIN org_unit u ON u.id = "
        "o.unit_id WHERE s.token_hash = ? AND s.ended IS NULL", flask.session.get("token", ""))
    if not found:
        flask.abort(403)
    key, name, unit, level, reach, county, town = found[0]
    if level == "department":
        level, unit_of = ("line", unit) if reach == "line" else ("town", town) if town else ("county", county)
        return key, name, unit, f"{level}_id", unit_of
    return key, name, unit, f"{level}_id", unit


@app.get("/enter/<login>")
def enter(login: str):
    token = hashlib.sha256(secrets.token_bytes(16)).hexdigest()
    now = f"{datetime.datetime.now():%Y-%m-%d %H:%M:%S}"
    run("INSERT INTO accounts_session (token_hash, user_id, created, last_seen, address, agent, reason) SELECT ?, id, "
        "?, ?, '', '', '' FROM accounts_user WHERE name = ?", token, now, now, login, rows=False)
    flask.session["token"] = token
    return "in"


@app.get("/list")
def cases():
    """List 50 cases of the area: newest, or with the conditions that the address names, after a row by its key."""
    _, name, _, column, area = person()
    asked, values, order = [f"c.{column} = ?"], [area], "c.opened DESC, c.id DESC"
    for field in ("phase", "kind", "channel", "state"):
        if flask.request.args.get(field):
            asked.append(f"c.{field} = ?")
            values.append(flask.request.args[field])
    if "overdue" in flask.request.args:
        asked.append("c.closed IS NULL AND c.due < ?")
        values.append(f"{datetime.datetime.now():%Y-%m-%d %H:%M:%S}")
    for field, sign in (("since", ">="), ("until", "<"), ("after", "<")):
        if flask.request.args.get(field):
            asked.append(f"c.opened {sign} ?")
            values.append(flask.request.args[field])
    rows = run(f"SELECT {COLUMNS} {JOINED} WHERE {' AND '.join(asked)} ORDER BY {order} LIMIT 51", *values)  # noqa: S608
    return LIST.render(person=name, rows=rows[:50])


@app.get("/case/<int:key>")
def case(key: int):
    _, _, _, column, area = person()
    found = run(f"SELECT c.*, u.name {JOINED} WHERE c.id = ? AND c.{column} = ?", key, area)  # noqa: S608
    if not found:
        flask.abort(404)
    entries = run("SELECT seq, at, title, actor_name, unit_name, holder_name, text FROM cases_event WHERE case_id = ? "
                  "ORDER BY seq", key)
    return CASE.render(case=found[0], entries=entries)


@app.get("/desk")
def desk():
    _, name, unit, _, _ = person()
    rows = run(f"SELECT {COLUMNS} {JOINED} WHERE c.unit_id = ? AND c.closed IS NULL ORDER BY c.due, c.id LIMIT 50",  # noqa: S608
               unit)
    return LIST.render(person=name, rows=rows)


@app.get("/figures")
def figures():
    """Sum up the open and closed cases of the area from the counters, by phase."""
    _, name, _, column, area = person()
    axis = "line" if column == "line_id" else "place"
    column = "unit_id" if column in ("line_id", "grid_id") else column
    rows = run(f"SELECT phase, state, kind, sum(count), '', '', '', '', '', '' FROM cases_tally WHERE axis = ? AND "  # noqa: S608
               f"{column} = ? GROUP BY phase, state, kind", axis, area)
    return LIST.render(person=name, rows=rows)


@app.get("/search")
def search():
    """List the newest 50 cases with one pair of characters in the area."""
    _, name, _, column, area = person()
    pair = flask.request.args["q"][:2]
    if POSTGRES:
        inner, words = "SELECT id FROM search_gram WHERE grams @@ ?::tsquery", f"'{pair}' & '§{column[0]}{area}'"
    else:
        inner, words = "SELECT rowid FROM search_gram WHERE grams MATCH ?", f'"{pair}" AND "§{column[0]}{area}"'
    key = "id" if POSTGRES else "rowid"
    rows = run(f"SELECT {COLUMNS} {JOINED} WHERE c.id IN (SELECT row_id FROM search_text WHERE id IN ({inner} "  # noqa: S608
               f"ORDER BY {key} DESC LIMIT 50)) ORDER BY c.id DESC", words)
    return LIST.render(person=name, rows=rows)
