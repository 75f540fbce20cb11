"""On a parted database every statement that a page sends names its reader's county."""

import re

import pytest

from portal import partitions
from portal.cases.models import Case
from portal.db import database
from portal.org.models import Unit
from portal.partitions.fitting import fit
from portal.partitions.naming import naming
from portal.testing.crawl import crawl
from tests.spread.conftest import item_of
from tests.spread.seats import STAFF
from tests.station.door import must_have, step

#: Statements of pages that may look at all counties: a part of their text, and the reason. There are none: jobs and
#: commands work without a county and ask county by county or all at once.
MAY_ASK_ALL: dict[str, str] = {}


class Sent:
    """Keeps each statement that asks a parted table, as the database gets it, with one set of its values."""

    def __init__(self, monkeypatch):
        self.statements: dict[str, tuple] = {}
        tables = partitions.parted_tables(database)
        self.looks = re.compile(rf'\b(?:{"|".join(sorted(tables))})\b').search
        base, real = type(database.obj), type(database.obj).execute_sql

        def execute(this, sql, params=None):
            fitted = this.fit(sql)
            if fitted.lstrip()[:6] in ("SELECT", "UPDATE", "DELETE") and self.looks(fitted):
                self.statements.setdefault(fitted, (sql, params))
            return real(this, sql, params)

        monkeypatch.setattr(base, "execute_sql", execute)

    def asking_others(self, own: str) -> dict[str, set[str]]:
        """Return {statement: partitions of others that its plan looks at}."""
        found = {}
        for sql, (_, params) in self.statements.items():
            plan = "\n".join(row for (row,) in database.obj.cursor().execute("EXPLAIN " + sql, params or ()).fetchall())
            others = {name for name in re.findall(r" on (\w+_(?:rest|c\d{6}))\b", plan) if not name.endswith(own)}
            if others and not any(part in sql for part in MAY_ASK_ALL):
                found[sql] = others
        return found


@pytest.mark.postgres
def test_each_page_and_step_asks_its_own_county_alone(parted, monkeypatch):
    with parted.opened():
        sent, pages = Sent(monkeypatch), set()
        window, item = parted.sign_in("cun510722"), item_of("510722")
        newest = Case.select().where(Case.county_id == county("510722")).order_by(Case.id.desc()).first()
        window.send(f"/station/receive/{item.id}", name="王秀兰", id_card="510722194003072224", phone="13890112233",
                    received=must_have(item))
        step(window, newest, "accept")
        assert window.status == 200
        for name, _, _ in STAFF:
            for url, status, _, _ in crawl(parted.app, parted.sign_in(f"{name}510722"), samples=1, clicks=2):
                assert status in (200, 403, 404), url
                pages.add(re.sub(r"\d+", "0", url.split("?")[0]))
        asking = sent.asking_others("_c510722")
    assert len(pages) > 60 and len(sent.statements) > 250, (len(pages), len(sent.statements))
    assert not asking, "\n".join(f"{sorted(others)}: {sql[:300]}" for sql, others in asking.items())


@pytest.mark.postgres
def test_nothing_of_the_other_county_is_seen_even_where_a_page_forgets_to_ask_for_its_own(parted):
    with parted.opened():
        there = [case.id for case in Case.select().where(Case.county_id == county("510723"))]
        everything = Case.select(Case.county_id).distinct()
        assert len(everything.tuples()) >= 2 and there
        partitions.within(county("510722"))
        try:
            assert [key for (key,) in everything.tuples()] == [county("510722")]
            assert Case.get_or_none(Case.id == there[0]) is None
            assert Case.update(title="别的县").where(Case.id.in_(there)).execute() == 0
            assert Case.delete().where(Case.id.in_(there)).execute() == 0
        finally:
            partitions.within(None)
        for name in ("cun", "xian", "lingdao"):
            browser = parted.sign_in(f"{name}510722")
            for key in there:
                assert browser.open(f"/cases/{key}").status == 404


def county(code: str) -> int:
    return Unit.get(Unit.code == f"{code}000000").id


# -- the text of statements ----------------------------------------------------------------------------------------

PARTED = frozenset({"cases_case", "cases_event"})
OWN = '(SELECT * FROM "cases_case" WHERE "county_id" = 7)'


@pytest.mark.parametrize(("sql", "named"), [
    ('SELECT "t1"."id" FROM "cases_case" AS "t1" WHERE ("t1"."id" = %s) FOR UPDATE',
     f'SELECT "t1"."id" FROM {OWN} AS "t1" WHERE ("t1"."id" = %s) FOR UPDATE'),
    ('SELECT 1 FROM "org_unit" AS "t1" LEFT OUTER JOIN "cases_case" AS "t2" ON ("t2"."unit_id" = "t1"."id")',
     f'SELECT 1 FROM "org_unit" AS "t1" LEFT OUTER JOIN {OWN} AS "t2" ON ("t2"."unit_id" = "t1"."id")'),
    ('SELECT 1 FROM "org_unit" AS "t1", "cases_case" AS "t2"', f'SELECT 1 FROM "org_unit" AS "t1", {OWN} AS "t2"'),
    ('SELECT 1 FROM "org_unit" AS "t1"', None),
    ('INSERT INTO "cases_case" ("id") VALUES (%s) RETURNING "id"', None),
    ('UPDATE "cases_case" SET "late" = %s WHERE (("cases_case"."id" = %s) OR ("cases_case"."id" = %s))',
     'UPDATE "cases_case" SET "late" = %s WHERE "cases_case"."county_id" = 7 AND ( (("cases_case"."id" = %s) OR '
     '("cases_case"."id" = %s)))'),
    ('UPDATE "cases_case" SET "late" = (SELECT 1 FROM "org_unit" AS "t1" WHERE ("t1"."id" = %s)) RETURNING "id"',
     'UPDATE "cases_case" SET "late" = (SELECT 1 FROM "org_unit" AS "t1" WHERE ("t1"."id" = %s)) WHERE '
     '"cases_case"."county_id" = 7 RETURNING "id"'),
    ('DELETE FROM "cases_case" WHERE ("cases_case"."title" = \' RETURNING \') RETURNING "id"',
     'DELETE FROM "cases_case" WHERE "cases_case"."county_id" = 7 AND ( ("cases_case"."title" = \' RETURNING \')) '
     'RETURNING "id"'),
    ('DELETE FROM "cases_case"', 'DELETE FROM "cases_case" WHERE "cases_case"."county_id" = 7'),
    ('UPDATE "org_unit" SET "name" = \'FROM "cases_case" AS\'', None),
])
def test_a_statement_names_the_county_wherever_it_looks(sql, named):
    found = naming(PARTED, sql)
    assert (found and found.replace("\x00", "7")) == named


@pytest.mark.parametrize(("sql", "fitted"), [
    ('CREATE TABLE "x_detail" ("id" BIGSERIAL NOT NULL PRIMARY KEY, "county_id" INTEGER NOT NULL, "case_id" BIGINT NOT '
     'NULL, FOREIGN KEY ("case_id") REFERENCES "cases_case" ("id") ON DELETE SET NULL)',
     'CREATE TABLE "x_detail" ("id" BIGSERIAL NOT NULL PRIMARY KEY, "county_id" INTEGER NOT NULL, "case_id" BIGINT NOT '
     'NULL, FOREIGN KEY ("case_id", "county_id") REFERENCES "cases_case" ("id", "county_id") ON DELETE SET NULL '
     '("case_id"))'),
    ('CREATE TABLE "x_line" ("id" INTEGER, "case_id" BIGINT, FOREIGN KEY ("case_id") REFERENCES "cases_case" ("id"))',
     'CREATE TABLE "x_line" ("id" INTEGER, "case_id" BIGINT)'),
    ('ALTER TABLE "x_line" ADD CONSTRAINT "fk" FOREIGN KEY ("case_id") REFERENCES "cases_case" ("id")', "SELECT 1"),
    ('ALTER TABLE "cases_event" ADD CONSTRAINT "fk" FOREIGN KEY ("other_id") REFERENCES "cases_case" ("id")',
     'ALTER TABLE "cases_event" ADD CONSTRAINT "fk" FOREIGN KEY ("other_id", "county_id") REFERENCES "cases_case" '
     '("id", "county_id")'),
    ('ALTER TABLE "cases_event" ADD COLUMN "other_id" BIGINT REFERENCES "cases_case" ("id")',
     'ALTER TABLE "cases_event" ADD COLUMN "other_id" BIGINT, ADD FOREIGN KEY ("other_id", "county_id") REFERENCES '
     '"cases_case" ("id", "county_id")'),
    ('ALTER TABLE "x_line" ADD COLUMN "other_id" BIGINT REFERENCES "cases_case" ("id")',
     'ALTER TABLE "x_line" ADD COLUMN "other_id" BIGINT'),
    ('CREATE UNIQUE INDEX "u" ON "cases_event" ("case_id", lower("step")) WHERE ("seq" IN (1))',
     'CREATE UNIQUE INDEX "u" ON "cases_event" ("case_id", lower("step"), county_id) WHERE ("seq" IN (1))'),
    ('CREATE UNIQUE INDEX "u" ON "org_unit" ("code")', 'CREATE UNIQUE INDEX "u" ON "org_unit" ("code")'),
    ('CREATE INDEX "u" ON "cases_event" ("case_id")', 'CREATE INDEX "u" ON "cases_event" ("case_id")'),
])
def test_a_migration_for_whole_tables_fits_parted_ones(sql, fitted):
    assert fit(sql, set(PARTED), lambda table: table in PARTED) == fitted
