from tests.cases.conftest import browser_of, stage

__all__ = ["browser_of", "stage"]
