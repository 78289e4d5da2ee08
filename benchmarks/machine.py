"""How busy the machine was while something was measured."""

import os


def five_minute_load() -> float:
    """How many processes wanted a core, over the last five minutes, to a tenth."""
    return round(os.getloadavg()[1], 1)
