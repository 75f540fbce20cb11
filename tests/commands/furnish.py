"""Builds the county of the tests in an instance of any engine: python -m tests.commands.furnish FOLDER DATABASE

With a number as third argument so many matters of the station are received, the first with a picture.
"""

import io
import sys

from werkzeug.datastructures import FileStorage

from portal import create_app, files
from portal.db import atomic, database, is_postgres
from tests.cases.making import matter
from tests.files.samples import picture
from tests.people_of_the_county import build, person


def receive(app, number: int) -> None:
    with app.test_request_context(), atomic():
        cases = [matter() for _ in range(number)]
        for case in cases[:1]:
            files.store(FileStorage(io.BytesIO(picture()), "户口簿.jpg"), owner_type="case", owner_id=case.id,
                        county_id=case.county_id, by=person("cun"))


if __name__ == "__main__":
    folder, setting, *more = sys.argv[1:]
    # While it is made nothing has to be hard to guess, or to survive a power cut.
    cheap = {"argon2_time_cost": 1, "argon2_memory_kib": 64}
    made = create_app(folder, {"database": setting, "testing": True, **cheap}, check=False)
    if not is_postgres():
        database.execute_sql("PRAGMA synchronous=off")
    build(made)
    for number in more:
        receive(made, int(number))
    database.close()
