"""What each command does with its arguments. Imports stand inside, so that help is quick."""

import json
import sys
from argparse import Namespace
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path


def build(args: Namespace) -> None:
    from edgegeo.building.build import build

    build(
        args.maps,
        args.out,
        footprint_m=args.footprint_m,
        tile_m=args.tile_m,
        overlap=args.overlap,
        model=args.model,
        nodata=args.nodata,
        licence=args.licence,
        attribution=args.attribution,
    )


def locate(args: Namespace) -> None:
    from edgegeo.flight import Known, locate_flight
    from edgegeo.localizer import Localizer
    from edgegeo.logs import CsvLog, GeoJsonLog, fix_line
    from edgegeo.report import PageLog
    from edgegeo.sources import open_frames
    from edgegeo.truth import read_poses
    from edgegeo.types import Prior

    source = open_frames(args.frames)
    poses = read_poses(args.poses, numbered=source.numbered) if args.poses else None
    known = Known(
        prior=Prior(*args.prior) if args.prior else None,
        heading_deg=args.heading_deg,
        heading_sigma_deg=args.heading_sigma_deg,
        gsd_m=args.gsd_m,
        gsd_sigma=args.gsd_sigma,
        height_m=args.height_m,
        fov_deg=args.fov_deg,
        roll_deg=args.roll_deg,
        pitch_deg=args.pitch_deg,
    )
    localizer = Localizer(args.engine, threads=args.threads)
    with ExitStack() as stack:
        logs = [
            stack.enter_context(kind(path))
            for kind, path in ((CsvLog, args.csv), (GeoJsonLog, args.geojson))
            if path
        ]
        page = None
        if args.report:
            title = f"{source.path.name} in {Path(args.engine).name}"
            page = stack.enter_context(PageLog(args.report, localizer.gallery, title))
        for frame, fix in locate_flight(localizer, source, known, poses=poses, every=args.every):
            print(fix_line(frame.name, fix), flush=True)
            for log in logs:
                log.add(frame.name, fix)
            if page is not None:
                page.add(frame.name, fix, frame.image)


def fly(args: Namespace) -> None:
    from edgegeo.fly.command import run

    run(args)


def evaluate(args: Namespace) -> None:
    from edgegeo.evaluation.run import evaluate
    from edgegeo.evaluation.table import results_table

    results = evaluate(
        args.engine,
        args.frames,
        args.truth,
        heading_noise_deg=args.heading_noise_deg,
        gsd_noise=args.gsd_noise,
        no_heading=args.no_heading,
        no_gsd=args.no_gsd,
        prior_radius_m=args.prior_radius_m,
        seed=args.seed,
        out=args.out,
        rows=args.rows,
        threads=args.threads,
        ranking=args.ranking,
    )
    print(results_table(results))


def simulate(args: Namespace) -> None:
    from edgegeo.simulation.simulate import simulate

    truth = simulate(
        args.maps,
        args.out,
        count_per_map=args.count_per_map,
        footprint_m=args.footprint_m,
        size=args.size,
        tilt_deg=args.tilt_deg,
        heading=args.heading,
        seed=args.seed,
    )
    print(truth)


def demo(args: Namespace) -> None:
    from edgegeo.demo.run import demo

    demo(args.out, seed=args.seed)


def info(args: Namespace) -> None:
    from edgegeo.engine import open_engine

    print(open_engine(args.engine, verify="all" if args.verify else "models").describe())


def report(args: Namespace) -> None:
    from edgegeo.engine import open_engine
    from edgegeo.logs.mcapread import read_log
    from edgegeo.report import write_flight_report

    records = read_log(args.log)
    gallery = open_engine(args.engine).gallery if args.engine else None
    print(write_flight_report(args.out, records, gallery))


def log_export(args: Namespace) -> None:
    from edgegeo.errors import DataError
    from edgegeo.logs.export import export_log

    if args.out is None and args.format is None:
        raise DataError("nothing says what to write: name an output file, or give --format")
    out = args.out or Path(args.log).with_suffix(f".{args.format}")
    if not export_log(args.log, out, args.format):
        print(f"{args.log} ends early; what stands before is in {out}", file=sys.stderr)
    print(out)


def log_info(args: Namespace) -> None:
    from edgegeo.logs.info import describe
    from edgegeo.logs.mcapread import read_log

    print(describe(read_log(args.log)))


def export(args: Namespace) -> None:
    from edgegeo.errors import MissingExtraError

    if find_spec("torch") is None:
        raise MissingExtraError.of("export", "train")
    from edgegeo.export.export import Imagery, export

    report = export(
        args.checkpoint,
        args.out,
        precision=args.precision,
        imagery=Imagery(
            maps=args.maps, footprint_m=args.footprint_m, frames=args.frames, truth=args.truth
        ),
        like=args.like,
        max_recall_loss=args.max_recall_loss,
        even_if_worse=args.even_if_worse,
    )
    print(json.dumps(report, indent=2))


def engine_check(args: Namespace) -> None:
    from edgegeo.board.check import check

    print(check(args.engine))


def engine_bench(args: Namespace) -> None:
    from edgegeo.board.bench import bench

    print(bench(args.engine, frames=args.frames, threads=args.threads))


def engine_shrink(args: Namespace) -> None:
    from edgegeo.building.shrink import Box, shrink
    from edgegeo.types import Prior

    shrink(args.engine, Box(*args.bbox) if args.bbox else Prior(*args.circle), args.out)


def engine_build(args: Namespace) -> None:
    from edgegeo.engine import open_engine
    from edgegeo.errors import RangeError
    from edgegeo.plans import open_plans, toolkit

    for name in ("candidates", "workspace_mib"):
        least = 1 if name == "candidates" else 0
        if getattr(args, name) < least:
            raise RangeError.of(name, f"at least {least}", getattr(args, name))
    loaded = open_plans(
        open_engine(args.engine),
        toolkit(),
        candidates=args.candidates,
        workspace_bytes=args.workspace_mib << 20,
        rebuild=args.again,
    )
    for session in loaded:
        print(session.name)
