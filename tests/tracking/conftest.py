"""Here stores are made as users' are."""

import pytest


@pytest.fixture(autouse=True)
def _as_users_have_them(stores_made_anew: None) -> None:
    """Of all tests in this folder."""
