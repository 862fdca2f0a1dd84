"""TensorRT plans of an engine: found, checked against this board, built where none fits.

They lie beside the ONNX files, or in the user's cache where that folder may not be written.
"""

import fcntl
import hashlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from edgegeo import durable, reference
from edgegeo.backends.cuda import Board, import_cuda, read_board
from edgegeo.backends.sidecar import SUFFIX, Sidecar, verify_plan
from edgegeo.backends.tensorrt import Session
from edgegeo.backends.tensorrt_builder import Sides, build_plan
from edgegeo.backends.tensorrt_log import import_tensorrt
from edgegeo.engine import PLAN, Engine, plans_in
from edgegeo.errors import EngineError
from edgegeo.model_folder import ENCODER, RANKER

BATCH = 32  # crops encoded at once
CROPS = 4  # pairs of one ranked position
LOCK = "plans.lock"


def tell(line: str) -> None:
    """Print progress where results do not go."""
    print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Toolkit:
    """The two modules a plan needs, and the board they run on."""

    trt: Any
    cudart: Any
    board: Board


class Plans(NamedTuple):
    encoder: Session
    ranker: Session


def toolkit() -> Toolkit:
    """Return TensorRT, CUDA and the board; raises MissingExtraError or EngineError without."""
    trt, cudart = import_tensorrt(), import_cuda()
    return Toolkit(trt, cudart, read_board(trt, cudart))


def sides_of(model: str, candidates: int) -> Sides:
    """Return the batch sizes a plan is built for: least, usual and most rows of each input."""
    if model == ENCODER:
        return {"image": (1, CROPS, BATCH)}
    pairs = CROPS * candidates
    usual = {"query_tokens": CROPS, "copy": pairs, "move": pairs, "candidate_tokens": pairs}
    return {name: (1, rows, pairs) for name, rows in usual.items()}


def open_plans(
    engine: Engine,
    tools: Toolkit,
    *,
    candidates: int = 12,
    workspace_bytes: int = 0,
    rebuild: bool = False,
    say: Callable[[str], None] = tell,
) -> Plans:
    """Load a fitting plan of both networks, building what is missing or does not fit.

    A new plan must give the engine's reference outputs or it is thrown away. Of two processes
    that build the same engine the second waits and takes the plans of the first.

    Args:
        candidates: positions ranked at once that the plans must take.
        workspace_bytes: see tensorrt_builder.build_plan.
        rebuild: build even where plans fit.
        say: told before each step that takes long.

    Raises EngineError in TensorRT's own words.
    """
    work = _Work(engine, tools, candidates, workspace_bytes, say)
    loaded: dict[str, Session] = {}
    if not rebuild:
        loaded = {m: s for m in (ENCODER, RANKER) if (s := work.load(m, lambda _: None))}
    missing = [model for model in (ENCODER, RANKER) if model not in loaded]
    if missing:
        with _locked_place(engine, say) as (folder, waited):
            for model in missing:
                found = work.load(model, say) if waited or not rebuild else None
                loaded[model] = found or work.build(model, folder)
    return Plans(loaded[ENCODER], loaded[RANKER])


def places(engine: Engine) -> tuple[Path, Path]:
    """Return where plans are looked for and put: the engine's folder, then the user's cache."""
    files = engine.manifest.files
    both = "".join(files[model].sha256 for model in (ENCODER, RANKER))
    name = hashlib.sha256(both.encode()).hexdigest()[:16]
    return engine.path, cache_folder() / "plans" / name


def cache_folder() -> Path:
    """Return edgegeo's folder in $XDG_CACHE_HOME, or in ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgegeo"


def present(engine: Engine) -> bool:
    """Return whether somebody has built plans for this engine, fitting or not."""
    return any(plans_in(folder) for folder in places(engine))


def misfit(plan: Path, engine: Engine, board: Board, candidates: int) -> str | None:
    """Say why one plan cannot be flown on this board, without TensorRT; None where it can."""
    model = plan.name.removesuffix(PLAN) + ".onnx"
    try:
        sidecar = verify_plan(plan)
    except EngineError as error:
        return str(error)
    return sidecar.misfit(board, engine.manifest.files[model].sha256, sides_of(model, candidates))


@dataclass(frozen=True)
class _Work:
    engine: Engine
    tools: Toolkit
    candidates: int
    workspace_bytes: int
    say: Callable[[str], None]

    def load(self, model: str, say: Callable[[str], None]) -> Session | None:
        for folder in places(self.engine):
            plan = folder / _plan_name(model)
            if not plan.exists():
                continue
            why = misfit(plan, self.engine, self.tools.board, self.candidates)
            if why is None:
                try:
                    return self._session(plan.read_bytes(), str(plan))
                except EngineError as error:
                    why = str(error)
            say(f"{plan} is left out: {why}")
        return None

    def build(self, model: str, folder: Path) -> Session:
        board, sides = self.tools.board, sides_of(model, self.candidates)
        self.say(
            f"building {_plan_name(model)} with TensorRT {board.tensorrt} for {board.device}; "
            "it takes minutes and is done once"
        )
        timings = cache_folder() / f"timing-{board.tensorrt}-sm{board.compute_capability}"
        built = build_plan(
            self.tools.trt,
            self.engine.path / model,
            sides,
            workspace_bytes=self.workspace_bytes,
            timing_cache=timings.read_bytes() if timings.is_file() else b"",
        )
        plan = folder / _plan_name(model)
        session = self._session(built.plan, str(plan))
        try:
            tolerance = reference.tolerance_of(model, self.engine.precision)
            off = reference.difference_of(self.engine.path, model, session.run, tolerance)
        except EngineError as error:
            raise EngineError(f"the plan of {model} is thrown away: {error}") from error
        sidecar = Sidecar(
            board=board,
            onnx_sha256=self.engine.manifest.files[model].sha256,
            plan_sha256=hashlib.sha256(built.plan).hexdigest(),
            profiles=sides,
        )
        try:
            durable.write_file(plan, built.plan)
            durable.write_file(plan.with_name(plan.name + SUFFIX), sidecar.to_json().encode())
            timings.parent.mkdir(parents=True, exist_ok=True)
            durable.write_file(timings, built.timing_cache)
        except OSError as error:  # it flies all the same
            warnings.warn(f"{plan} could not be kept: {error}", RuntimeWarning, stacklevel=2)
        self.say(f"built {plan}, {len(built.plan) / 1e6:.1f} MB, off by {off:.1g} at most")
        return session

    def _session(self, plan: bytes, name: str) -> Session:
        return Session(plan, name, self.tools.trt, self.tools.cudart)


def _plan_name(model: str) -> str:
    return model.removesuffix(".onnx") + PLAN


@contextmanager
def _locked_place(engine: Engine, say: Callable[[str], None]) -> Iterator[tuple[Path, bool]]:
    """Hold the lock of the first place that may be written; also say if another held it before."""
    with ExitStack() as stack:
        folder, cache = places(engine)
        try:
            lock = stack.enter_context((folder / LOCK).open("wb"))
        except OSError as error:
            say(f"{folder} may not be written ({error.strerror}): plans go to {cache}")
            folder = cache
            folder.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context((folder / LOCK).open("wb"))
        waited = False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process builds these plans: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
            waited = True
        yield folder, waited
