"""The directory in which units are looked up by name; codes are compared letter by letter on both engines."""

from peewee import *

COLUMNS = "id, code, name, initials, former, COALESCE(town_id, county_id, id), COALESCE(county_id, town_id, id)"


def up(migrator, db):
    class OrgDirectory(Model):
        place = IntegerField(primary_key=True)
        top_id = IntegerField(index=True)
        code = CharField(index=True, max_length=24)
        words = TextField()
        codes = TextField()
        units = TextField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_directory'
    db.create_tables([OrgDirectory])
    if isinstance(db, PostgresqlDatabase):
        for table in ('org_directory', 'org_unit'):
            db.execute_sql(f'ALTER TABLE {table} ALTER COLUMN code TYPE VARCHAR(24) COLLATE "C"')
    listed = "level <> 'region' AND (valid_to IS NULL OR successor_id IS NOT NULL)"
    tops = db.execute_sql("SELECT DISTINCT COALESCE(county_id, town_id, id) FROM org_unit "
                          "WHERE level <> 'region' ORDER BY 1").fetchall()
    for (top,) in tops:
        query = (f"SELECT {COLUMNS} FROM org_unit WHERE {listed} AND (county_id = {db.param} OR county_id IS NULL AND "
                 f"COALESCE(town_id, id) = {db.param}) ORDER BY code")
        rows = _rows(db.execute_sql(query, (top, top)).fetchall())
        if rows:
            OrgDirectory.insert_many(rows).execute()


def _rows(units):
    places = {}
    for unit in units:
        places.setdefault(unit[5], []).append(unit)
    return [{
        'place': place, 'top_id': lines[0][6],
        'code': next((line[1] for line in lines if line[0] == place), lines[0][1]),
        'words': ''.join('\n' + _line(*line[2:5]) for line in lines),
        'codes': ''.join('\n' + line[1].lower() for line in lines),
        'units': ','.join(str(line[0]) for line in lines),
    } for place, lines in places.items()]


def _line(name, initials, former):
    earlier = [one.split(' ', 1)[1] for one in former.splitlines()]
    marks = str.maketrans({'\n': ' ', '\x1f': ' '})
    return '\x1f'.join(text.translate(marks) for text in (name, initials, *earlier)).lower()


def down(migrator, db):
    db.execute_sql('DROP TABLE org_directory')
    if isinstance(db, PostgresqlDatabase):
        db.execute_sql('ALTER TABLE org_unit ALTER COLUMN code TYPE VARCHAR(24) COLLATE "default"')
