"""What a county offers to its province: sums of its counters, by period and kind, and nothing else.

They are views in a schema of their own. Who asks gets a role that may read these and not one table: neither a case nor
a name nor the figure of a village crosses to the province.
"""

import contextlib

from portal import db
from portal.cases.counting import FLOWS
from portal.cases.figures import PROXY
from portal.values import Refused

SCHEMA = "province"

_SUMS = ", ".join(f"sum(flow.{name})::bigint AS {name}" for name in FLOWS)
#: All three name the county by its code. The last tells how many open matters are due at which moment.
VIEWS = {
    "county": "SELECT code, name FROM org_unit WHERE level = 'county'",
    "flow": (
        f"SELECT unit.code, flow.period, flow.kind, {_SUMS}, "  # noqa: S608
        f"coalesce(sum(flow.opened) FILTER (WHERE flow.channel = '{PROXY}'), 0)::bigint AS proxied "
        "FROM cases_flow flow JOIN org_unit unit ON unit.id = flow.county_id WHERE flow.axis = 'place' "
        "GROUP BY unit.code, flow.period, flow.kind"),
    "open_due": (
        'SELECT unit.code, "case".kind, "case".due, count(*) AS number FROM cases_case "case" '
        'JOIN org_unit unit ON unit.id = "case".county_id WHERE "case".closed IS NULL AND "case".due IS NOT NULL '
        'AND NOT "case".restricted GROUP BY unit.code, "case".kind, "case".due'),
}


def readers() -> list[str]:
    """Return the roles that may read what is offered; none where nothing is."""
    rows = db.database.execute_sql(
        "SELECT pg_get_userbyid(grantee) FROM pg_namespace, aclexplode(nspacl) WHERE nspname = %s AND grantee <> "
        "nspowner AND privilege_type = 'USAGE' ORDER BY 1", (SCHEMA,)).fetchall()
    return [name for (name,) in rows]


def offer(role: str) -> None:
    """Let the role `role`, which must exist, read the sums. Raises Refused with a sentence that says what to do."""
    known = db.database.execute_sql(
        "SELECT rolsuper OR rolname = current_user FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    if known is None:
        raise Refused(f"数据库里没有账号 {role}。请先建立它，例如：CREATE ROLE {role} LOGIN PASSWORD '…'")
    if known[0]:
        raise Refused(f"{role} 什么都能读，不能给省里用。请另建一个普通账号。")
    if tables := _readable(role):
        raise Refused(f"{role} 还能读 {tables[0]} 等 {len(tables)} 张表，不能给省里用。请另建一个没有其他授权的账号。")
    _put_up([*readers(), role])


def _readable(role: str) -> list[str]:
    """Return the tables that the role may read, by a grant of its own or by that of a group."""
    rows = db.database.execute_sql(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') "
        "AND (has_table_privilege(%s, oid, 'SELECT') OR has_any_column_privilege(%s, oid, 'SELECT')) ORDER BY relname",
        (role, role)).fetchall()
    return [name for (name,) in rows]


def withdraw() -> None:
    """Offer nothing any more."""
    db.database.execute_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


@contextlib.contextmanager
def taken_down():
    """Leave out what is offered while the tables below it are changed; afterwards it is there again for the same roles.
    """
    roles = readers() if db.is_postgres() else []
    if roles:
        withdraw()
    try:
        yield
    finally:
        if roles:
            _put_up(roles)


def _put_up(roles: list[str]) -> None:
    with db.atomic():
        withdraw()
        db.database.execute_sql(f"CREATE SCHEMA {SCHEMA}")
        for name, query in VIEWS.items():
            # Behind a barrier: a function that whoever asks has written is told no row that the view leaves out.
            db.database.execute_sql(f"CREATE VIEW {SCHEMA}.{name} WITH (security_barrier) AS {query}")
        for role in dict.fromkeys(roles):
            who = '"' + role.replace('"', '""') + '"'
            db.database.execute_sql(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {who}")
            db.database.execute_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {who}")
