"""The `portal` command; rooms and plugins add to it through portal_commands."""

from portal.commands.main import main

__all__ = ["main"]
