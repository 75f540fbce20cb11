"""`python -m bench.search N`: what a search for a word of two characters costs among N cases, beside the bare index.

It fills an instance of its own with N short titles as they are written in villages and towns, draws words of them, asks
the cases' search for them as people of a village, a town, a line and the county, and prints p50 and p99 of both: the
search as the page asks it, and the query of the index alone, in the same run. --database postgresql://... asks
PostgreSQL (an empty database).
"""

import argparse
import datetime
import random
import sys
import tempfile
import time
from pathlib import Path

from portal import accounts, create_app, db, migrations, org, search
from portal.accounts.models import Role
from portal.accounts.person import Person
from portal.cases import search_text
from portal.commands.progress import Progress
from portal.org.departments import ensure_departments
from portal.org.models import Unit
from portal.registry import registry_of
from portal.search import grams, index

PASSWORD = "Mess-Latte-42-Kiesel"
BATCH = 50_000
MATTERS = (
    "高龄津贴", "城乡居民基本医疗保险参保", "最低生活保障申请", "残疾人证换领", "户口迁移", "临时救助", "生育登记",
    "法律援助", "路灯不亮", "井盖翻开", "河边护栏断了", "垃圾池满了没人收", "猪圈污水流到路上", "灌溉渠堵塞",
    "电线垂到晾衣杆上", "水塘边没有警示牌", "宅基地边界", "屋檐水排放", "土地互换", "赡养老人", "欠付工钱", "彩礼返还",
    "树木遮光", "道路通行", "采石场噪音", "秸秆焚烧", "噪声扰民", "饮水浑浊", "桥面开裂", "山坡落石", "校车超载",
    "独居老人无人照料", "孕产妇随访", "农机购置补贴", "危房改造", "退役军人优待证",
)
SAYING = ("反映", "申请", "咨询", "要求处理", "多次反映", "请尽快处理", "希望解决", "情况属实", "已拍照", "影响出行",
          "三天没人管", "")
WHERE = ("村口", "石桥边", "小学门口", "集市旁", "卫生室外", "大堰塘", "后山脚", "老街", "晒坝", "水井边", "养殖场旁",
         "公路边", "院坝", "祠堂前")
READERS = (
    ("village", "510722104204", "", "village_staff"), ("town", "510722104000", "便民服务中心", "town_staff"),
    ("line", "510722000000", "民政局", "county_staff"), ("county", "510722000000", "行政审批服务局", "county_staff"),
)


def fill(folder: Path, database: str, number: int) -> None:
    app = create_app(folder, {"database": database, "plugins": ["station", "grid", "mediation"]}, check=False)
    registry = registry_of(app)
    migrations.migrate(registry.owners(), folder)
    with app.app_context(), db.patient(), Progress() as say:
        data = Path(org.__file__).parent / "data"
        with db.atomic():
            accounts.sync_roles(registry)
            org.import_divisions([data / "510722_towns.csv", data / "510722_villages.csv"], say)
            county = Unit.get(Unit.level == "county")
            ensure_departments(county)
            for unit in Unit.select().where(Unit.level.in_(("county", "town"))):
                for plugin in registry.optional():
                    org.set_enabled(unit, plugin.slug, True, None)
            for login, code, office, role in READERS:
                unit = Unit.get(Unit.code == code)
                unit = Unit.get(Unit.parent == unit, Unit.name.endswith(office)) if office else unit
                user, _ = accounts.add_user(login, "测试员", password=PASSWORD, must_change=False)
                accounts.add_post(user, unit, Role.get(Role.slug == role))
        if db.is_postgres():
            db.database.execute_sql("SET statement_timeout = 0")
            db.database.execute_sql("DROP INDEX search_gram_grams")
        else:
            db.database.execute_sql("PRAGMA synchronous=off")
        _cases(number)
        if db.is_postgres():
            db.database.execute_sql("CREATE INDEX search_gram_grams ON search_gram USING GIN (grams)")
        db.database.execute_sql("ANALYZE")
    db.database.close()


def _cases(number: int) -> None:
    """Write the cases and their index inside the database: every case takes one of the titles and one of the places."""
    titles = [f"{where}{matter}{saying}" for where in WHERE for matter in MATTERS for saying in SAYING]
    places = list(Unit.select().where(Unit.level == "village").order_by(Unit.code))
    lines = [unit.id for unit in Unit.select().where(Unit.level == "department", Unit.reach == "line")]
    with db.atomic():
        _table("bench_title", ("title", "grams"), [(title, _title_grams(title)) for title in titles])
        _table("bench_place", ("code", "county", "town", "village"), [
            (one.code[6:], one.county_id, one.town_id, one.village_id) for one in places])
        _table("bench_line", ("line",), [(line,) for line in lines])
    start = (db.now() - datetime.timedelta(days=1095)).replace(microsecond=0)
    seconds = 1095 * 86400 / number
    for first in range(0, number, BATCH):
        last = min(first + BATCH, number)
        with db.atomic():
            for sql in _statements(first, last, f"{start}", seconds, (len(titles), len(places), len(lines))):
                db.database.execute_sql(sql.replace("%", "%%") if db.is_postgres() else sql)
        print(f"{last} / {number}", file=sys.stderr)


def _table(name: str, columns: tuple, rows: list[tuple]) -> None:
    typed = ", ".join(f"{one} TEXT" for one in columns)
    db.database.execute_sql(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, {typed})")
    marks = ", ".join(["%s" if db.is_postgres() else "?"] * (len(columns) + 1))
    db.database.cursor().executemany(
        f"INSERT INTO {name} VALUES ({marks})",  # noqa: S608
        [(key, *map(str, row)) for key, row in enumerate(rows)])


def _title_grams(title: str) -> str:
    """Return what a title is indexed by, after the three parts of the number, in the words of the engine."""
    tokens = [*grams.grams(title), *grams.initials_of(title)]
    if not db.is_postgres():
        return " ".join(tokens)
    return " ".join(f"'{token}':{position}" for position, token in enumerate(tokens, 4))


def _statements(first: int, last: int, start: str, seconds: float, sizes: tuple) -> list[str]:
    """Return the statements that write the cases above `first` up to `last`, their texts and what indexes them."""
    titles, places, lines = sizes
    postgres, scope = db.is_postgres(), index.SCOPE
    if postgres:
        series, tail = f"generate_series({first + 1}::bigint, {last}) AS n(g)", "lpad(n.g::text, 7, '0')"
        quote, cast = "''", "::int"
        moment = f"timestamp '{start}' + n.g * interval '{seconds} seconds'"
        head, yes = f"'''wg' || p.code || ''':1 ''2026'':2 ''' || {tail} || ''':3 '", "true"
    else:
        series = f"(WITH RECURSIVE n(g) AS (SELECT {first + 1} UNION ALL SELECT g + 1 FROM n WHERE g < {last}) " \
                 "SELECT g FROM n) AS n"
        tail, quote, cast = "printf('%07d', n.g)", "", ""
        moment = f"strftime('%Y-%m-%d %H:%M:%S', '{start}', (n.g * {seconds}) || ' seconds')"
        head, yes = f"'wg' || p.code || ' 2026 ' || {tail} || ' '", "1"
    rows = (
        f"{series} JOIN bench_title t ON t.id = (n.g * 7919) % {titles} JOIN bench_place p ON "
        f"p.id = (n.g * 104729 + n.g / 13) % {places} LEFT JOIN bench_line l ON n.g % 10 < 3 AND "
        f"l.id = (n.g * 31) % {lines}"
    )
    named = "".join(f" || ' {quote}{scope}{letter}' || p.{column} || '{quote}'" for letter, column in (
        ("c", "county"), ("t", "town"), ("v", "village")))
    words = f"{head} || t.grams{named} || COALESCE(' {quote}{scope}l' || l.line || '{quote}', '')"
    number = f"'WG' || p.code || '-2026-' || {tail}"
    key, words = ("id", f"({words})::tsvector") if postgres else ("rowid", words)
    return [
        "INSERT INTO cases_case (id, number, kind, title, county_id, town_id, village_id, line_id, unit_id, channel, "
        "applicant, no_reply_because, state, phase, opened, closed, replied, limit_unit, limit_rolls, pause_reason, "
        f"late, restricted, version) SELECT n.g, {number}, 'grid.event', t.title, p.county{cast}, p.town{cast}, "
        f"p.village{cast}, l.line{cast}, p.village{cast}, 'grid', '王*兰', '', 'archived', 'closed', {moment}, "
        f"{moment}, {moment}, '', {yes}, '', NOT {yes}, NOT {yes}, 1 FROM {rows}",
        f"INSERT INTO search_text (id, owner, row_id, text) SELECT n.g, 'case', n.g, {number} || ' ' || t.title "
        f"FROM {rows}",
        f"INSERT INTO search_gram ({key}, grams) SELECT n.g, {words} FROM {rows}",
    ]


def words_asked(number: int, chance: random.Random) -> list[str]:
    """Return words of two characters of the titles, common and rare ones alike, and some that stand nowhere."""
    pairs = {title[at:at + 2] for title in MATTERS + SAYING + WHERE for at in range(len(title) - 1)}
    found = [*sorted(pairs), "天文", "海港", "滑雪"]
    return [chance.choice(found) for _ in range(number)]


def measure(folder: Path, database: str, asked: int) -> None:
    app = create_app(folder, {"database": database, "plugins": ["station", "grid", "mediation"]})
    with app.test_request_context():
        db.database.connect(reuse_if_open=True)
        chance = random.Random(1)
        print(f"{'reader':8} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8} {'bare p50':>8} {'bare p99':>8} {'x bare':>8}")
        for login, *_ in READERS:
            took, bare = _asked(_person(login), words_asked(asked, chance))
            line = [_percent(took, 50), _percent(took, 99), max(took), _percent(bare, 50), _percent(bare, 99)]
            print(f"{login:8} " + " ".join(f"{one:8.2f}" for one in line) + f" {line[0] / line[3]:8.1f}")


def _asked(person: Person, words: list[str]) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each word: of the search as the page asks it, and of the index alone."""
    took, bare = [], []
    scope = search_text.place(*person.area)
    for word in words:
        took.append(_timed(search_text.find_cases, person, word, 201))
        bare.append(_timed(_bare, word, scope))
    return took, bare


def _person(login: str) -> Person:
    return accounts.acting_as(accounts.models.User.get(accounts.models.User.name == login))


def _bare(word: str, scope: str) -> list:
    key, mark = ("id", "grams @@ %s::tsquery") if db.is_postgres() else ("rowid", "grams MATCH ?")
    sql = f"SELECT {key} FROM search_gram WHERE {mark} ORDER BY {key} DESC LIMIT {search_text.NEWEST}"  # noqa: S608
    return db.database.execute_sql(sql, (search.match(word, scope),)).fetchall()


def _timed(run, *given) -> float:
    """Return the milliseconds: of this process's CPU on SQLite, which others on the machine do not lengthen."""
    clock = time.perf_counter if db.is_postgres() else time.process_time
    began = clock()
    run(*given)
    return (clock() - began) * 1000


def _percent(found: list[float], percent: int) -> float:
    return sorted(found)[min(len(found) - 1, len(found) * percent // 100)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__.split("\n")[0])
    parser.add_argument("cases", type=int, nargs="?", default=100_000)
    parser.add_argument("--asked", type=int, default=300, help="how many searches of each reader (300)")
    parser.add_argument("--instance", type=Path, help="keep the instance in this folder, or use the one that is there")
    parser.add_argument("--database", default="portal.db", help="a file name, or postgresql://… of an empty database")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as temporary:
        folder = wanted.instance or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "filled").exists():
            fill(folder, wanted.database, wanted.cases)
            (folder / "filled").touch()
        print(f"{wanted.cases} cases, {wanted.database.split(':')[0]}", file=sys.stderr)
        measure(folder, wanted.database, wanted.asked)


if __name__ == "__main__":
    main()
