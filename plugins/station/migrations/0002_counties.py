"""The materials of a request name the county, as every table does that grows."""

from peewee import IntegerField


def up(migrator, db):
    migrator.migrate(migrator.add_column("station_request_material", "county_id", IntegerField(null=True)))
    db.execute_sql("UPDATE station_request_material SET county_id = "
                   "(SELECT county_id FROM station_request WHERE station_request.id = request_id)")
    migrator.migrate(migrator.add_not_null("station_request_material", "county_id"))


def down(migrator, db):
    migrator.migrate(migrator.drop_column("station_request_material", "county_id"))
