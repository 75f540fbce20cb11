"""What tests of the portal and of plugins stand on: a county with its people, the real door, and the contract.

A plugin's tests need one line in their `conftest.py`: `pytest_plugins = ["portal.testing.fixtures"]`.
"""

from portal.testing.browser import Browser, PageForm
from portal.testing.contract import PluginContract
from portal.testing.county import CAST, PASSWORD, County
from portal.testing.queries import counted_queries

__all__ = ["CAST", "PASSWORD", "Browser", "County", "PageForm", "PluginContract", "counted_queries"]
