"""`python -m bench.search N`: what a search for a word of two characters costs among N cases, beside the bare index.

It fills an instance of its own with N short titles as they are written in villages and towns, draws words of them, asks
the cases' search for them as people of a village, a town, a line and the county, and prints p50 and p99 of both: the
search as the page asks it, and the query of the index alone, in the same run. --database postgresql://... asks
PostgreSQL (an empty database).
"""

import argparse
import datetime
import functools
import random
import sys
import tempfile
import time
from pathlib import Path

from bench.fill import bulk
from portal import accounts, create_app, db, migrations, org, search
from portal.accounts.models import Role
from portal.accounts.person import Person
from portal.cases import search_text
from portal.cases.models import Case
from portal.commands.progress import Progress
from portal.org.departments import ensure_departments
from portal.org.models import Unit
from portal.registry import registry_of
from portal.search import grams, index
from portal.search.models import SearchText

PASSWORD = "Mess-Latte-42-Kiesel"
BATCH = 2000
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
    with app.app_context(), Progress() as say:
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
        _cases(number, random.Random(510722), say)
        if db.is_postgres():
            db.database.execute_sql("CREATE INDEX search_gram_grams ON search_gram USING GIN (grams)")
        db.database.execute_sql("ANALYZE")
    db.database.close()


def _cases(number: int, chance: random.Random, say) -> None:
    villages = list(Unit.select().where(Unit.level == "village").order_by(Unit.code))
    lines = [unit.id for unit in Unit.select().where(Unit.level == "department", Unit.reach == "line")]
    start, step = db.now() - datetime.timedelta(days=1095), 1095 * 86400 / number
    tokens = functools.lru_cache(50_000)(lambda text: index.tokens(text))
    for first in range(0, number, BATCH):
        rows, words = [], []
        for key in range(first + 1, min(first + BATCH, number) + 1):
            village = chance.choice(villages)
            about = f"{chance.choice(WHERE)}{chance.choice(MATTERS)}{chance.choice(SAYING)}"
            moment, code = start + datetime.timedelta(seconds=key * step), f"WG{village.code[6:]}-2026-{key:07d}"
            rows.append({
                "id": key, "number": code, "kind": "grid.event", "title": about, **village.place(),
                "line_id": chance.choice(lines) if chance.random() < 0.3 else None, "unit": village.id,
                "applicant": "王*兰", "state": "archived", "phase": "closed", "opened": moment, "closed": moment,
                "replied": moment, "created_by": 1,
            })
            words.append((key, f"{code} {about} 王*兰", tokens(about)))
        with db.atomic():
            bulk(Case, rows)
            bulk(SearchText, [{"id": key, "owner": "case", "row_id": key, "text": text} for key, text, _ in words])
            for row, (key, _, known) in zip(rows, words, strict=True):
                scope = [index.SCOPE + name for name in search_text.scope_of(Case(**row))]
                index.put_grams(key, [*grams.grams(row["number"]), *known, *scope])
        say("写入案件", first + len(rows), number)


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
    began = time.perf_counter()
    run(*given)
    return (time.perf_counter() - began) * 1000


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
