"""The one exception family: every message names what came, what was expected and what to do.

The command line prints such an error in one line and exits with 3; `--debug` shows the traceback.
"""


def visible(text: str) -> str:
    """The text with escapes for what can't be printed or encoded, as a file's name may hold: newlines, bytes."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def one_line(told: object) -> str:
    """What an error tells, with one space for each of its line breaks and runs of spaces."""
    return " ".join(str(told).split())


class SerError(Exception):
    """Anything that this package refuses; the message is one line for a person."""


class AudioError(SerError):
    """A recording that cannot be used: unreadable, silent, too short, not finite, …"""


class CorpusError(SerError):
    """A corpus that is missing, altered or not what its manifest says."""


class ProtocolError(SerError):
    """A split that cannot be drawn, or that would break what its protocol promises."""


class PaperError(SerError):
    """An unknown paper, experiment, variant or choice, or a room whose declaration is not whole."""


class RunError(SerError):
    """A run folder that cannot be written, read or trusted."""


class WeightsError(SerError):
    """A file of published weights that can't be read, or does not fit the model."""


class ClusterError(SerError):
    """A cluster that does not answer, or whose workers can't do the work."""


class DependencyError(SerError):
    """A package that only some commands need, and that is not installed."""
