"""Configs that runs left behind, read as data: no tag of YAML makes anything of them."""

from pathlib import Path

from omegaconf import DictConfig, ListConfig, OmegaConf

from peslab.damage import told_if_damaged


def loaded(file: Path) -> DictConfig | ListConfig:
    """A YAML file, interpolations alive.

    Raises:
        PeslabError: If it is damaged.
    """
    return config_of(file.read_bytes(), file)


def config_of(content: str | bytes, what: object) -> DictConfig | ListConfig:
    """The config in a text, interpolations alive.

    Args:
        content: YAML.
        what: Where it is from, for the sentence.

    Raises:
        PeslabError: If it is damaged.
    """
    with told_if_damaged(what):
        text = content.decode() if isinstance(content, bytes) else content
        found = OmegaConf.create(text)
        if not isinstance(found, DictConfig | ListConfig):
            raise TypeError(type(found))
        return found


def as_typed(overrides: ListConfig) -> list[str]:
    """Recorded overrides; what stands for a password is not resolved, even where it could be."""
    return [str(text) for text in OmegaConf.to_container(overrides, resolve=False) or ()]
