"""Which database: every choice that its rows depend on, and a name made of them."""

import hashlib
import json
from dataclasses import dataclass, fields, is_dataclass
from types import CodeType

from peslab.database.cut import Cut, cut_to_size
from peslab.errors import InvalidInputError
from peslab.kernels.inputs import LARGEST_WHOLE, positive, seed_of_streams, whole
from peslab.toymodel import Lattice, Potential, Relaxation
from peslab.toymodel.lattice import checked_numbers

DATA_VERSION = 3  # raised whenever the same choices give other rows


@dataclass(frozen=True)
class DatabaseSettings:
    """How many configurations, from which seeds, and how they are divided.

    Attributes:
        size: Rows kept after the cut, for training and validation together.
        seed: Draws these rows.
        keep_quantile: The part of lowest energies, within each cell width and number of particles,
            that is kept.
        validation_fraction: The part of `size` that selects weights and trials.
        test_size: Rows that are generated apart and only measured.
        test_seed: Draws the test rows; another than `seed`.
        test_n_particles: How many particles the test rows have, one number or several, where that
            is not how many those have that networks learn from: whether these carry over.
    """

    size: int
    seed: int
    keep_quantile: float
    validation_fraction: float
    test_size: int
    test_seed: int
    test_n_particles: int | tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        for name, minimum in (("size", 2), ("test_size", 1)):
            object.__setattr__(self, name, whole(name, getattr(self, name), minimum))
        for name in ("seed", "test_seed"):
            object.__setattr__(self, name, seed_of_streams(name, getattr(self, name)))
        object.__setattr__(self, "keep_quantile", checked_quantile(self.keep_quantile))
        fraction = positive("validation_fraction", self.validation_fraction)
        object.__setattr__(self, "validation_fraction", fraction)
        if not 0 < round(fraction * self.size) < self.size:
            raise InvalidInputError(
                f"validation_fraction must leave rows for training and for validation: {fraction} "
                f"of {self.size} rows does not."
            )
        if self.test_n_particles is not None:
            tested = checked_numbers("test_n_particles", self.test_n_particles)
            object.__setattr__(self, "test_n_particles", tested)
        if self.test_seed == self.seed:
            raise InvalidInputError(
                f"test_seed must differ from seed, or the test rows are the training rows: both "
                f"are {self.seed}."
            )


@dataclass(frozen=True)
class Recipe:
    """All that the rows of a database depend on.

    Attributes:
        potential: Gives the energies and forces.
        lattice: Gives the random starts.
        relaxation: Brings their energies down.
        size: Rows kept after the cut, as many of each cell width and number of particles as of any
            other; where they do not divide, the first kinds have one more.
        seed: Draws the starts and the moves.
        keep_quantile: The part of lowest energies that is kept, above 0 and up to 1.
    """

    potential: Potential
    lattice: Lattice
    relaxation: Relaxation
    size: int
    seed: int
    keep_quantile: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", whole("size", self.size, minimum=1))
        object.__setattr__(self, "seed", seed_of_streams("seed", self.seed))
        object.__setattr__(self, "keep_quantile", checked_quantile(self.keep_quantile))
        if self.size / LARGEST_WHOLE > self.keep_quantile:
            raise InvalidInputError(
                f"keep_quantile={self.keep_quantile} keeps {self.size:,} of more than "
                f"{LARGEST_WHOLE:,} configurations: raise it."
            )

    @property
    def cut(self) -> Cut:
        """How many configurations are sampled and kept; each kind keeps as many as any other."""
        return cut_to_size(self.size, self.lattice.n_kinds, self.keep_quantile)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all choices, by class and field; equal recipes have equal fingerprints.

        Raises:
            InvalidInputError: Where the potential is not a dataclass of plain values.
        """
        choices = {"data_version": DATA_VERSION, "recipe": description(self)}
        canonical = json.dumps(choices, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def description(value: object) -> object:
    """A config object as plain values: the path of its class and its fields, all the way down."""
    if is_dataclass(value) and not isinstance(value, type):
        members = {field.name: description(getattr(value, field.name)) for field in fields(value)}
        name = f"{type(value).__module__}.{type(value).__qualname__}"
        return {"class": name, **members, **code_of_own_potential(value)}
    if isinstance(value, list | tuple):
        return [description(item) for item in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise InvalidInputError(
        f"{value!r} cannot be part of a database's recipe: make it a frozen dataclass of numbers, "
        "texts, and lists of them."
    )


def code_of_own_potential(value: object) -> dict[str, object]:
    """A digest of the functions of a potential that is not ours: for ours, see `DATA_VERSION`.

    Without it a database would be found again after its potential was rewritten.
    """
    if not isinstance(value, Potential) or type(value).__module__.startswith("peslab."):
        return {}
    functions = [type(value).pair, type(value).triplet]
    codes = [function.written_as.__code__ for function in functions if function is not None]
    return {"code": hashlib.sha256("\n".join(map(text_of_code, codes)).encode()).hexdigest()}


def text_of_code(code: CodeType) -> str:
    """What a function does, in the same words in every process, wherever it is written down."""
    constants = tuple(same_everywhere(constant) for constant in code.co_consts)
    return f"{code.co_code.hex()} {constants} {code.co_names}"


def same_everywhere(constant: object) -> object:
    """A constant of a function: code within it is printed with its address, a set in any order."""
    if isinstance(constant, CodeType):
        return text_of_code(constant)
    if isinstance(constant, frozenset):
        return sorted(map(repr, constant))
    return constant


def checked_quantile(keep_quantile: float) -> float:
    """A part above 0 and up to 1."""
    quantile = positive("keep_quantile", keep_quantile)
    if quantile > 1.0:
        raise InvalidInputError(
            f"keep_quantile must be at most 1, which keeps all, not {quantile}."
        )
    return quantile
