"""Every table that grows names the county, the key of the counters as well: so each can be parted by county."""

from peewee import CharField, CompositeKey, IntegerField, Model

ORDERED = ("axis", "unit_id", "kind", "phase", "state")
KEPT = ("county_id", *ORDERED, "town_id", "village_id", "count")


def up(migrator, db):
    migrator.migrate(migrator.add_column("cases_order_case", "county_id", IntegerField(null=True)))
    db.execute_sql("UPDATE cases_order_case SET county_id = "
                   "(SELECT county_id FROM cases_order WHERE cases_order.id = cases_order_case.order_id)")
    migrator.migrate(migrator.add_not_null("cases_order_case", "county_id"))
    _with_key(db, ("county_id", *ORDERED))


def down(migrator, db):
    migrator.migrate(migrator.drop_column("cases_order_case", "county_id"))
    _with_key(db, ORDERED)


def _with_key(db, key: tuple[str, ...]) -> None:
    """Make the table of the counters anew with the primary key `key`, and put its rows back."""
    db.execute_sql('CREATE TABLE "cases_tally_before" AS SELECT * FROM "cases_tally"')
    db.execute_sql('DROP TABLE "cases_tally"')

    class Tally(Model):
        county_id = IntegerField()
        axis = CharField(max_length=6)
        unit_id = IntegerField()
        kind = CharField(max_length=40)
        phase = CharField(max_length=12)
        state = CharField(max_length=30)
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        count = IntegerField(default=0)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "cases_tally"
            primary_key = CompositeKey(*key)
            indexes = ((("axis", "county_id"), False), (("axis", "town_id"), False), (("axis", "village_id"), False))

    db.create_tables([Tally])
    names = ", ".join(f'"{name}"' for name in KEPT)
    db.execute_sql(f'INSERT INTO "cases_tally" ({names}) SELECT {names} FROM "cases_tally_before"')
    db.execute_sql('DROP TABLE "cases_tally_before"')
