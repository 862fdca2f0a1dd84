"""The `edgegeo` command: a thin layer over the package's functions.

Results go to standard output, everything else to standard error. Exit codes: 0 done (also a
flight ended by SIGTERM), 2 an error explained in one line, 130 interrupted.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from edgegeo import __version__, commands, engine_parser
from edgegeo.errors import EdgegeoError
from edgegeo.fly.flags import FLY_EXAMPLE, add_flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    args = parser().parse_args(_join_prior(sys.argv[1:] if argv is None else argv))
    try:
        args.run(args)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (EdgegeoError, OSError) as error:  # OSError: no permission, no room, ...
        print(f"edgegeo: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("edgegeo: interrupted", file=sys.stderr)
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of every command; each sets `run`."""
    top = argparse.ArgumentParser(
        prog="edgegeo",
        description="Where is the drone, from one downward frame and a satellite map.",
        epilog="First: edgegeo demo",
    )
    top.add_argument("--version", action="version", version=f"edgegeo {__version__}")
    group = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _build(_command(group, "build", "cut a map into an engine folder", BUILD_EXAMPLE))
    _locate(_command(group, "locate", "locate frames, one JSON line each", LOCATE_EXAMPLE))
    _fly(_command(group, "fly", "locate in flight and tell the autopilot", FLY_EXAMPLE))
    _evaluate(_command(group, "evaluate", "measure an engine on a truth table", EVALUATE_EXAMPLE))
    _simulate(_command(group, "simulate", "make frames and truth from a map", SIMULATE_EXAMPLE))
    _demo(_command(group, "demo", "show the whole way on a made landscape", DEMO_EXAMPLE))
    _info(_command(group, "info", "say what an engine folder holds", INFO_EXAMPLE))
    _report(_command(group, "report", "make a page of a flight log", REPORT_EXAMPLE))
    _log(
        _command(
            group,
            "log",
            "sum up a flight log, or turn it into other formats",
            LOG_INFO_EXAMPLE + LOG_EXPORT_EXAMPLE,
        )
    )
    _export(_command(group, "export", "write trained weights as a model folder", EXPORT_EXAMPLE))
    engine_parser.add_to(
        _command(group, "engine", "fit to a board, check, time, shrink", engine_parser.EXAMPLE)
    )
    return top


BUILD_EXAMPLE = """\
  edgegeo build map.tif --out field.edgegeo --footprint-m 120 --licence "CC BY 4.0"
"""
LOCATE_EXAMPLE = """\
  edgegeo locate field.edgegeo flight.mp4 --every 10 --prior 59.437,24.753,300 \\
      --heading-deg 103 --gsd-m 0.25 --geojson track.geojson > fixes.jsonl
"""
EVALUATE_EXAMPLE = """\
  edgegeo evaluate field.edgegeo --frames flight.mp4 --truth truth.csv --out results.json
"""
SIMULATE_EXAMPLE = """\
  edgegeo simulate map.tif --out flight --footprint-m 120 --seed 1
  edgegeo evaluate field.edgegeo --frames flight --truth flight/truth.csv --out results.json
"""
DEMO_EXAMPLE = """\
  edgegeo demo --out demo
"""
INFO_EXAMPLE = """\
  edgegeo info field.edgegeo --verify
"""
REPORT_EXAMPLE = """\
  edgegeo report flight.mcap --engine field.edgegeo --out report.html
"""
LOG_EXPORT_EXAMPLE = """\
  edgegeo log export flight.mcap flight.kml
  edgegeo log export flight.mcap --format gpx
"""
EXPORT_EXAMPLE = """\
  edgegeo export training/weights/student-1.safetensors --out model-fp16 --precision fp16
  edgegeo export student.pt --out model-int8 --precision int8 --maps map.tif --footprint-m 120
"""
LOG_INFO_EXAMPLE = """\
  edgegeo log info flight.mcap
"""


def _command(
    group: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    about: str,
    example: str,
) -> argparse.ArgumentParser:
    return group.add_parser(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=f"example:\n{example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _build(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=commands.build)
    p.add_argument("maps", nargs="+", metavar="MAP", help="GeoTIFF, MBTiles, XYZ folder, folder")
    p.add_argument("--out", required=True, metavar="ENGINE", help="engine folder to write")
    size = p.add_mutually_exclusive_group()
    size.add_argument(
        "--footprint-m",
        type=float,
        metavar="M",
        help="short side of the frames' footprint on the ground (default 120); tiles are 0.8 of it",
    )
    size.add_argument("--tile-m", type=float, metavar="M", help="side of a tile on the ground")
    p.add_argument("--overlap", type=float, default=0.5, help="of neighbour tiles (default 0.5)")
    p.add_argument("--model", metavar="DIR", help="model folder (default: the shipped one)")
    p.add_argument("--nodata", type=float, metavar="VALUE", help="overrides the map's own")
    p.add_argument("--licence", default="", metavar="TEXT", help="of the map, kept in the engine")
    p.add_argument("--attribution", default="", metavar="TEXT", help="of the map, kept likewise")


def _locate(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=commands.locate)
    p.add_argument("engine", metavar="ENGINE")
    p.add_argument("frames", metavar="FRAMES_OR_VIDEO", help="folder of images, image, or video")
    p.add_argument("--prior", type=_prior, metavar="LAT,LON,RADIUS_M", help="circle it is in")
    p.add_argument("--heading-deg", type=float, metavar="DEG", help="of the image's up side")
    p.add_argument("--heading-sigma-deg", type=float, default=10.0, metavar="DEG")
    p.add_argument("--gsd-m", type=float, metavar="M", help="metres a pixel at the centre")
    p.add_argument("--gsd-sigma", type=float, default=0.1, help="relative error of the scale")
    p.add_argument("--height-m", type=float, metavar="M", help="above ground; needs --fov-deg")
    p.add_argument("--fov-deg", type=float, metavar="DEG", help="horizontal field of view")
    p.add_argument("--roll-deg", type=float, default=0.0, metavar="DEG", help="right side down")
    p.add_argument("--pitch-deg", type=float, default=0.0, metavar="DEG", help="nose up")
    p.add_argument("--poses", metavar="CSV", help="file or frame, heading_deg, gsd_m_per_px")
    p.add_argument("--every", type=int, default=1, metavar="N", help="take every N-th frame")
    p.add_argument("--threads", type=int, default=0, metavar="N", help="0 for all that help")
    p.add_argument("--geojson", metavar="F", help="also write points and track here")
    p.add_argument("--csv", metavar="F", help="also write a table here")
    p.add_argument("--report", metavar="F", help="also write a self-contained page here")


def _fly(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=commands.fly)
    add_flags(p)


def _evaluate(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=commands.evaluate)
    p.add_argument("engine", metavar="ENGINE")
    p.add_argument("--frames", required=True, metavar="DIR_OR_VIDEO")
    p.add_argument("--truth", required=True, metavar="CSV")
    p.add_argument("--heading-noise-deg", type=float, default=10.0, metavar="DEG")
    p.add_argument("--gsd-noise", type=float, default=0.1, metavar="S", help="of log(gsd)")
    p.add_argument("--no-heading", action="store_true", help="do not tell the heading")
    p.add_argument("--no-gsd", action="store_true", help="do not tell the scale")
    p.add_argument("--prior-radius-m", type=float, metavar="R", help="tell a circle of R")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=0, metavar="N", help="0 for all that help")
    p.add_argument(
        "--ranking", choices=("learned", "correlation"), default="learned",
        help="correlation: of tokens alone, the reference without training",
    )  # fmt: skip
    p.add_argument("--out", metavar="JSON", help="results")
    p.add_argument("--rows", metavar="JSONL", help="one line a frame, to pool or compare runs")


def _simulate(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=commands.simulate)
    p.add_argument("maps", nargs="+", metavar="MAP")
    p.add_argument("--out", required=True, metavar="DIR")
    p.add_argument("--count-per-map", type=int, default=5, metavar="N")
    p.add_argument("--footprint-m", type=float, default=60.0, metavar="M", help="short side")
    p.add_argument("--size", type=_size, default=(640, 480), metavar="WxH", help="640x480")
    p.add_argument("--tilt-deg", type=float, default=15.0, metavar="DEG", help="at most")
    p.add_argument("--heading", type=_heading, default="any", metavar="DEG|any")
    p.add_argument("--seed", type=int, default=0)


def _demo(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=commands.demo)
    p.add_argument("--out", metavar="DIR", help="keep the engine, the frames and the report here")
    p.add_argument("--seed", type=int, default=0)


def _info(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=commands.info)
    p.add_argument("engine", metavar="ENGINE")
    p.add_argument("--verify", action="store_true", help="hash every file")


def _report(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=commands.report)
    p.add_argument("log", metavar="LOG", help="MCAP file of a flight")
    p.add_argument("--out", required=True, metavar="HTML", help="self-contained page to write")
    p.add_argument("--engine", metavar="ENGINE", help="that was flown: shows its map and tiles")


def _log(p: argparse.ArgumentParser) -> None:
    group = p.add_subparsers(title="commands", metavar="COMMAND", required=True)
    about = "write the fixes and the track of a flight log as GeoJSON, KML, GPX, CSV or rrd"
    export = _command(group, "export", about, LOG_EXPORT_EXAMPLE)
    export.set_defaults(run=commands.log_export)
    export.add_argument("log", metavar="LOG", help="MCAP file of a flight")
    export.add_argument("out", nargs="?", metavar="OUT", help="default: LOG with another ending")
    formats = ("geojson", "kml", "gpx", "csv", "rrd")
    export.add_argument("--format", choices=formats, help="default: by the ending of OUT")
    about = "say what a flight log holds: duration, fixes, states, errors where truth is known"
    info = _command(group, "info", about, LOG_INFO_EXAMPLE)
    info.set_defaults(run=commands.log_info)
    info.add_argument("log", metavar="LOG", help="MCAP file of a flight")


def _export(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=commands.export)
    p.add_argument("checkpoint", metavar="CHECKPOINT", help="student.pt, or .safetensors")
    p.add_argument("--out", required=True, metavar="MODEL", help="model folder to write")
    p.add_argument("--precision", default="fp32", metavar="P", help="fp32, fp16 or int8")
    p.add_argument(
        "--maps", nargs="+", default=[], metavar="MAP", help="to judge on; int8 needs it"
    )
    p.add_argument("--footprint-m", type=float, default=120.0, metavar="M", help="(default 120)")
    p.add_argument("--frames", metavar="DIR_OR_VIDEO", help="of the maps' ground")
    p.add_argument("--truth", metavar="CSV", help="of the frames, for Recall@1")
    p.add_argument("--like", metavar="MODEL", help="of the same weights: keep its calibration")
    p.add_argument("--max-recall-loss", type=float, default=0.01, metavar="R", help="of int8")
    p.add_argument("--even-if-worse", action="store_true", help="keep int8 whatever it measures")


def _prior(text: str) -> tuple[float, float, float]:
    try:
        lat_deg, lon_deg, radius_m = map(float, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected LAT,LON,RADIUS_M, got {text!r}") from None
    return lat_deg, lon_deg, radius_m


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = map(int, text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected WxH such as 640x480, got {text!r}") from None
    return width, height


def _heading(text: str) -> float | str:
    try:
        return text if text == "any" else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected degrees or 'any', got {text!r}") from None


def _join_prior(argv: Sequence[str]) -> list[str]:
    """Keep a southern latitude from being taken for an option."""
    joined: list[str] = []
    for arg in argv:
        if joined and joined[-1] in ("--prior", "--bbox", "--circle"):
            joined[-1] += f"={arg}"
        else:
            joined.append(arg)
    return joined
