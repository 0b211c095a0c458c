"""Files of ours that hold something else: damaged, or planted."""

from collections.abc import Iterator
from contextlib import contextmanager

import yaml

from peslab.errors import PeslabError


@contextmanager
def told_if_damaged(what: object) -> Iterator[None]:
    """Tell in one sentence that what is read inside is not what it should be.

    Args:
        what: A path, or what else is read.

    Raises:
        PeslabError: If it is no text, no JSON or YAML, or does not hold what it should.
    """
    try:
        yield
    except PeslabError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise PeslabError(
            f"{what} is damaged or not of peslab: bring it back from a copy, or remove it."
        ) from error
