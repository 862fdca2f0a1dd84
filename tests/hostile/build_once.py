"""One build in a process of its own, which may be made to die or to run out of room.

    python -m tests.hostile.build_once MAP OUT MODEL [--kill-at N] [--plain-renames]
                                       [--file-bytes N]

Counts what it does to the file system under OUT* and kills itself with SIGKILL just before
step N. When it lives to the end it prints the step that made the new engine whole (its
manifest got its name) and the number of steps.
"""

import argparse
import os
import resource
import signal
import sys

from edgegeo import durable
from edgegeo.building import plan as build_plan
from edgegeo.building.build import build
from tests.sample_engine import TILE_M

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def is_change(event: str, args: tuple, under: str) -> bool:
    """Return whether an audit event is about to change (or flush) something under a path."""
    if event == "open":
        path, _, flags = args
        return str(path).startswith(under) and bool(flags & (WRITING | os.O_DIRECTORY))
    inside_rmtree = event in ("os.remove", "os.rmdir") and args[1] != -1  # a bare name, by dir_fd
    return event in CHANGES and (inside_rmtree or str(args[0]).startswith(under))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("map")
    parser.add_argument("out")
    parser.add_argument("model")
    parser.add_argument("--kill-at", type=int, default=0)
    parser.add_argument("--plain-renames", action="store_true")
    parser.add_argument("--file-bytes", type=int)
    args = parser.parse_args()
    build_plan.SHARD_TILES = 10
    if args.plain_renames:
        durable.exchange = lambda *_: False
    if args.file_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (args.file_bytes, args.file_bytes))
    steps = whole = 0

    def count(event: str, values: tuple) -> None:
        nonlocal steps, whole
        if is_change(event, values, args.out):
            steps += 1
            if event == "os.rename" and str(values[1]).endswith("manifest.json"):
                whole = steps
            if steps == args.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    build([args.map], args.out, tile_m=TILE_M, model=args.model, progress=False)
    print(whole, steps)


if __name__ == "__main__":
    main()
