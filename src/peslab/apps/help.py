"""`peslab train --help`: the groups of conf/ and their options, read from the files themselves."""

from pathlib import Path

from peslab.configuration.folders import conf_folder

USAGE = """\
peslab train [-m] [KEY=VALUE …] [GROUP=OPTION …]      one run, composed from conf/

  peslab train                                        the default run
  peslab train network.width=64 'features.orders=[-2,-4,-6]' features.cutoff=3
  peslab train network.widths=[128,64] loss=huber     unequal layers, another loss
  peslab train -m network.width=16,32 network.depth=1,2      a grid: 4 runs
  peslab train -m study=quickstart                    a study by Optuna; again to continue it
  peslab train experiment=thesis_network              a recipe from experiments/
  peslab train debug=compose …                        show and validate, train nothing
  peslab train debug=fast …                           everything for one short step

Hydra's own flags work too: --cfg job shows the config, --info where it comes from.
"""


def text(usage: str = USAGE) -> str:
    """The help page: usage, then each group with its options and what they are."""
    folder = conf_folder()
    defaults = _defaults(folder / "config.yaml")
    blocks = [usage, "Groups (* is the default):"]
    for group in sorted([*folder.glob("*/"), *folder.glob("*/*/")]):
        name = group.relative_to(folder).as_posix()
        blocks.append(f"\n{name}{_about(name, folder)}")
        for option in sorted(group.glob("*.yaml")):
            if option.stem.startswith("_"):
                continue
            star = "*" if defaults.get(name) == option.stem else " "
            blocks.append(f"  {star} {option.stem:<24} {_first_comment(option)}")
    blocks.append("\nEvery key of an option is documented in its file, e.g.:\n")
    example = (folder / "network" / "mlp.yaml").read_text(encoding="utf-8").splitlines()
    blocks.extend(f"  network.{line}" for line in example if line and line[0] not in "#_")
    return "\n".join(blocks) + "\n"


def _defaults(root: Path) -> dict[str, str]:
    """The options that the defaults lists name, found without a YAML parser to answer at once."""
    chosen: dict[str, str] = {}
    for file in (root, *root.parent.glob("problem/*.yaml")):
        for line in file.read_text(encoding="utf-8").splitlines():
            entry = line.partition("#")[0].strip()
            if entry.startswith("- ") and ":" in entry:
                group, _, option = entry[2:].partition(":")
                chosen.setdefault(group.strip().lstrip("/"), option.strip())
    return chosen


def _about(group: str, folder: Path) -> str:
    """What the root config says of a group."""
    for line in (folder / "config.yaml").read_text(encoding="utf-8").splitlines():
        if line.strip().startswith(f"- {group}:") and "#" in line:
            return f": {line.partition('#')[2].strip()}"
    return ""


def _first_comment(option: Path) -> str:
    for line in option.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") and "@package" not in line:
            return line.lstrip("# ").strip()
    return ""
