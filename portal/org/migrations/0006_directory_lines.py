"""The lines of the directory are parted so that a statement can take them apart; what is found by its beginning is marked.

Going back leaves the directory empty; `portal reindex` writes it.
"""

COLUMNS = "id, code, name, initials, former, COALESCE(town_id, county_id, id), COALESCE(county_id, town_id, id)"
INTO = "INSERT INTO org_directory (place, top_id, code, words, codes, units) VALUES "


def up(migrator, db):
    down(migrator, db)
    listed = "level <> 'region' AND (valid_to IS NULL OR successor_id IS NOT NULL)"
    tops = db.execute_sql("SELECT DISTINCT COALESCE(county_id, town_id, id) FROM org_unit "
                          "WHERE level <> 'region' ORDER BY 1").fetchall()
    marks = ", ".join([db.param] * 6)
    for (top,) in tops:
        query = (f"SELECT {COLUMNS} FROM org_unit WHERE {listed} AND (county_id = {db.param} OR county_id IS NULL AND "
                 f"COALESCE(town_id, id) = {db.param}) ORDER BY code")
        for row in _rows(db.execute_sql(query, (top, top)).fetchall()):
            db.execute_sql(f"{INTO} ({marks})", tuple(row.values()))


def _rows(units):
    places = {}
    for unit in units:
        places.setdefault(unit[5], []).append(unit)
    return [{
        'place': place, 'top_id': lines[0][6],
        'code': next((line[1] for line in lines if line[0] == place), lines[0][1]),
        'words': '\u2028'.join(_line(*line[2:5]) for line in lines),
        'codes': '\u2028'.join('\x1e' + line[1] for line in lines),
        'units': ','.join(str(line[0]) for line in lines),
    } for place, lines in places.items()]


def _line(name, initials, former):
    marks = str.maketrans(dict.fromkeys('\u2028\x1e\x1f', ' '))
    name, *earlier = (text.translate(marks) for text in (name, *(one.split(' ', 1)[1] for one in former.splitlines())))
    initials = ''.join(letter if letter.isascii() else '\x1f' for letter in initials)
    return '\x1f'.join([f'\x1e{name}\x1e{initials}', *earlier]).lower()


def down(migrator, db):
    db.execute_sql("DELETE FROM org_directory")
