"""OUT.partial: where an engine grows, so that a killed build loses neither old nor new.

OUT.partial/lock         held while a build is at work
OUT.partial/plan.json    what is being built; shards of another plan are thrown away
OUT.partial/shards/      finished shards
OUT.partial/engine/      put together at the end, then swapped with OUT in one step
"""

import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from edgegeo import durable
from edgegeo.engine import is_engine, set_aside
from edgegeo.errors import EngineError

LOCK, PLAN, SHARDS, ENGINE = "lock", "plan.json", "shards", "engine"
REPLACED = "replaced"
OURS = {LOCK, PLAN, PLAN + ".tmp", SHARDS, ENGINE, REPLACED}


class Workplace:
    """The folder beside `out`, taken by this process until `close`.

    Raises EngineError when `out` is something else than an engine, or another build is at
    work there.
    """

    def __init__(self, out: Path) -> None:
        self.out = Path(os.path.realpath(out))
        _check_replaceable(self.out)
        self.folder = self.out.with_name(self.out.name + ".partial")
        _check_ours(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock: BinaryIO = (self.folder / LOCK).open("wb")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise EngineError(f"another build of {self.out} is at work; let it finish") from None
        shutil.rmtree(self.folder / REPLACED, ignore_errors=True)
        self._recover()

    @property
    def engine(self) -> Path:
        return self.folder / ENGINE

    def shard(self, nth: int) -> Path:
        return self.folder / SHARDS / f"{nth:06d}.npz"

    def start(self, plan: Mapping[str, Any]) -> bool:
        """Keep the finished shards of this very plan, or clear the place; True when kept."""
        text = json.dumps(plan, indent=1, sort_keys=True)
        kept = _read(self.folder / PLAN) == text
        shutil.rmtree(self.engine, ignore_errors=True)
        if not kept:
            (self.folder / PLAN).unlink(missing_ok=True)
            shutil.rmtree(self.folder / SHARDS, ignore_errors=True)
            (self.folder / SHARDS).mkdir()
            durable.write_file(self.folder / PLAN, text.encode())
        (self.folder / SHARDS).mkdir(exist_ok=True)
        self.engine.mkdir()
        return kept

    def install(self) -> None:
        """Put the finished engine in the place of the old one, then clear up.

        Where the system can swap two folders in one step there is always an engine at `out`;
        elsewhere a kill between two renames leaves it at OUT.replaced, where `open_engine` and
        the next build look for it.
        """
        durable.sync_folder(self.engine)
        if not self.out.exists():
            os.rename(self.engine, self.out)
        elif not durable.exchange(self.engine, self.out):
            aside = set_aside(self.out)
            if aside.exists():
                raise EngineError(f"{aside} is in the way; rename or remove it, then run again")
            os.rename(self.out, aside)
            os.rename(self.engine, self.out)
            os.rename(aside, self.folder / REPLACED)  # deleted there: half of it is no engine
        durable.sync_folder(self.out.parent)
        self.clear()

    def clear(self) -> None:
        """Delete the whole place."""
        (self.folder / PLAN).unlink()  # first: without it what is left is thrown away
        shutil.rmtree(self.folder)

    def close(self) -> None:
        self._lock.close()

    def _recover(self) -> None:
        """Finish or undo a swap that was killed between its renames."""
        aside = set_aside(self.out)
        if is_engine(aside) and is_engine(self.out):
            os.rename(aside, self.folder / REPLACED)
            shutil.rmtree(self.folder / REPLACED)
        elif is_engine(aside) and not self.out.exists():
            os.rename(aside, self.out)


def _check_replaceable(out: Path) -> None:
    if out.is_dir() and (is_engine(out) or not any(out.iterdir())):
        return
    if out.exists() or out.is_symlink():
        raise EngineError(
            f"{out} is not an edgegeo engine and is left alone; choose another --out, or "
            "remove it yourself"
        )


def _check_ours(folder: Path) -> None:
    if folder.exists() and not (folder.is_dir() and {p.name for p in folder.iterdir()} <= OURS):
        raise EngineError(f"{folder} is in the way and is not ours; rename or remove it")


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
