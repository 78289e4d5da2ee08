"""How much the page takes: of one recording, and of all visitors together."""

LARGEST = 25 * 2**20  # bytes of a file
LONGEST_S = 60.0
HIGHEST_RATE = 96_000  # hertz: a minute at more takes over a gigabyte to measure
SIDE_BY_SIDE = 6  # models that are asked at once
LOADED = 8  # models that are kept in memory
WAITING = 256  # recordings in the queue; who comes then is told to come again
SESSIONS = 256  # visitors whose page the server remembers
UNFETCHED = 512  # visitors whose answers wait for them, a third of a megabyte each
CONNECTIONS = 1024
ROOM = 2 * 10**9  # bytes of all uploads together
ENVELOPE = 64 * 1024  # bytes of a request beside its file, and of one without
SWEPT_AFTER_S = 60.0  # an upload that nobody asks about is deleted
SWEPT_AT_LAST_S = 3600.0  # one that may still stand in the queue
SWEEP_EVERY_S = 5.0
