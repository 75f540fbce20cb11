"""The county started with other plugins in its instance/plugins, as the tests of the registry do it."""

from tests.registry.conftest import registry, start  # noqa: F401
