"""What a study remembers for its readers, beside its space and its recipe."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields

import optuna


@dataclass(frozen=True)
class About:
    """Facts about a study that only its first worker knows.

    Attributes:
        reference: What others reached, in a sentence.
        units: Of its metrics, as far as they have one.
        baselined: The metric that the logged baselines are errors of; empty where there are none.
        trainer: The command that trains, where that is not peslab.
    """

    reference: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    baselined: str = ""
    trainer: str = ""

    def keep(self, study: optuna.Study) -> None:
        """Write the facts into a study."""
        for name, fact in asdict(self).items():
            study.set_user_attr(name, fact)

    @classmethod
    def of(cls, study: optuna.Study) -> "About":
        """Read them from a study."""
        kept = study.user_attrs
        return cls(**{each.name: kept[each.name] for each in fields(cls) if each.name in kept})
