"""With this folder in PYTHONPATH a process finds only what requirements.txt names, as on a machine that runs Laurel."""

import re
import sys
from importlib.abc import MetaPathFinder
from importlib.metadata import packages_distributions
from pathlib import Path

LOCK = Path(__file__).parents[3] / "requirements.txt"


def _normal(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


class DevelopmentOnly(MetaPathFinder):
    """Hides the packages that are installed for tests and tools."""

    def __init__(self) -> None:
        locked = {_normal(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", LOCK.read_text(), re.MULTILINE)}
        self._hidden = {
            module
            for module, owners in packages_distributions().items()
            if locked.isdisjoint({_normal(owner) for owner in owners})
        }

    def find_spec(self, name: str, *_: object) -> None:
        if name.split(".")[0] in self._hidden:
            raise ModuleNotFoundError(f"{name} is not in requirements.txt", name=name)


sys.meta_path.insert(0, DevelopmentOnly())
