"""Builds the county of the tests in an instance of any engine: python -m tests.commands.furnish FOLDER DATABASE"""

import sys

from portal import create_app
from portal.db import database
from tests.people_of_the_county import build

if __name__ == "__main__":
    folder, setting = sys.argv[1:]
    build(create_app(folder, {"database": setting, "testing": True}, check=False))
    database.close()
