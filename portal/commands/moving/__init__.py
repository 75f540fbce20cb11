"""`portal move-to`: a county's SQLite instance goes over to PostgreSQL, proved row by row, and can be interrupted."""

from portal.commands.moving.command import move_to

__all__ = ["move_to"]
