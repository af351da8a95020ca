"""What is loaded once, for all processes that are forked: see `processes`."""

from importlib import import_module
from pkgutil import iter_modules

import cellframe
import tests.faults.processes  # noqa: F401 - what they are told to do

for room in ("server", "store", "transport", "transport/caching", "resources", "writeback"):
    for module in iter_modules([f"{cellframe.__path__[0]}/{room}"]):
        import_module(f"cellframe.{room.replace('/', '.')}.{module.name}")
