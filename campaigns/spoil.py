"""A whole file spoilt: bytes turned, cut, repeated, moved or at the ends of their range; values of JSON replaced."""

import json
import random
import struct

from campaigns.readers import Target

EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
VALUES = (
    None,
    True,
    0,
    -1,
    1,
    0.5,
    1e308,
    10**400,
    float("nan"),
    float("inf"),
    "",
    "é",
    "1",
    "a\nb",
    [],
    {},
    [[]],
    [0],
)


def changed(target: Target, rng: random.Random) -> bytes:
    """A whole file with one to eight changes."""
    content = rng.choice(target.wholes)
    if target.is_json and rng.random() < 0.6:
        head, *rest = content.split(b"\f")
        tree = json.loads(head)
        for _ in range(rng.randint(1, 3)):
            _replace_somewhere(tree, rng)
        return b"\f".join([json.dumps(tree).encode(), *rest])
    buffer = bytearray(content)
    for _ in range(rng.randint(1, 8)):
        _turn(buffer, rng)
    return bytes(buffer)


def _replace_somewhere(tree: object, rng: random.Random) -> None:
    places = []

    def walk(node: object) -> None:
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], (dict, list)):
                walk(node[key])

    walk(tree)
    if not places:
        return
    node, key = rng.choice(places)
    way = rng.random()
    if way < 0.2:
        del node[key]
    elif way < 0.4:
        other, where = rng.choice(places)
        if where in other if isinstance(other, dict) else where < len(other):
            node[key] = json.loads(json.dumps(other[where]))
    else:
        node[key] = json.loads(json.dumps(rng.choice(VALUES)))


def _turn(buffer: bytearray, rng: random.Random) -> None:
    if not buffer:
        buffer += rng.randbytes(4)
        return
    near = rng.randrange(min(len(buffer), 100)) if rng.random() < 0.7 else rng.randrange(len(buffer))
    size = rng.choice((1, 1, 2, 4, 16))
    match rng.randrange(7):
        case 0:
            buffer[near] ^= 1 << rng.randrange(8)
        case 1:
            buffer[near : near + size] = rng.randbytes(size)
        case 2:
            buffer[near : near + 4] = struct.pack(rng.choice("<>") + "I", rng.choice(EDGES))
        case 3:
            buffer[near : near + 2] = struct.pack(rng.choice("<>") + "H", rng.choice(EDGES) & 0xFFFF)
        case 4:
            del buffer[near : near + rng.choice((size, len(buffer)))]
        case 5:
            buffer[near:near] = buffer[near : near + 4 * size]
        case 6:
            buffer[near:near] = rng.randbytes(size)
