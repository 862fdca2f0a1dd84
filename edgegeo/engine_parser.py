"""The `edgegeo engine` commands: what is done to an engine that is built."""

import argparse

from edgegeo import commands

EXAMPLE = """\
  edgegeo engine build field.edgegeo      # TensorRT plans, on the Jetson that will fly it
  edgegeo engine check field.edgegeo
  edgegeo engine bench field.edgegeo
  edgegeo engine shrink field.edgegeo --bbox 59.40,24.70,59.45,24.80 --out mission.edgegeo
"""


def add_to(p: argparse.ArgumentParser) -> None:
    """Add the group's commands; each sets `run`."""
    group = p.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _build(group.add_parser("build", help="build TensorRT plans on this board"))
    _check(group.add_parser("check", help="does it compute here what it did where it was built"))
    _bench(group.add_parser("bench", help="latency per stage and memory, as a Markdown table"))
    _shrink(group.add_parser("shrink", help="a smaller mission area out of a large gallery"))


def _build(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=commands.engine_build)
    p.add_argument("engine", metavar="ENGINE")
    p.add_argument("--candidates", type=int, default=12, metavar="N", help="ranked at once, most")
    p.add_argument(
        "--workspace-mib",
        type=int,
        default=0,
        metavar="N",
        help="scratch memory (default: an eighth of what is free, at most 512)",
    )
    p.add_argument("--again", action="store_true", help="build even where plans fit")


def _check(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=commands.engine_check)
    p.add_argument("engine", metavar="ENGINE")


def _bench(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=commands.engine_bench)
    p.add_argument("engine", metavar="ENGINE")
    p.add_argument("--frames", type=int, default=200, metavar="N", help="to time (default 200)")
    p.add_argument("--threads", type=int, default=0, metavar="N", help="0 for all that help")


def _shrink(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=commands.engine_shrink)
    p.add_argument("engine", metavar="ENGINE")
    p.add_argument("--out", required=True, metavar="ENGINE", help="engine folder to write")
    area = p.add_mutually_exclusive_group(required=True)
    area.add_argument("--bbox", type=_box, metavar="S,W,N,E", help="degrees")
    area.add_argument("--circle", type=_circle, metavar="LAT,LON,RADIUS_M")


def _box(text: str) -> tuple[float, ...]:
    return _numbers(text, "S,W,N,E")


def _circle(text: str) -> tuple[float, ...]:
    return _numbers(text, "LAT,LON,RADIUS_M")


def _numbers(text: str, form: str) -> tuple[float, ...]:
    try:
        found = tuple(map(float, text.split(",")))
    except ValueError:
        found = ()
    if len(found) != form.count(",") + 1:
        raise argparse.ArgumentTypeError(f"expected {form}, got {text!r}")
    return found
