"""The flags of `edgegeo fly`. Nothing is imported for them, so that help is quick."""

import argparse

AUTOPILOTS = (
    "px4",
    "ardupilot-odometry",
    "ardupilot-vision",
    "ardupilot-gps",
    "ardupilot-reset",
    "nmea",
    "ubx",
)
FLY_EXAMPLE = """\
  edgegeo fly field.edgegeo --source rtsp://192.168.1.10/main --fov-deg 63 --mount-yaw-deg 90 \\
      --camera-delay-ms 80 --autopilot px4 --connection udpin:0.0.0.0:14540 --log flight.mcap
  edgegeo fly field.edgegeo --source /dev/video0 --camera camera.yaml --autopilot ardupilot-gps \\
      --connection serial:/dev/ttyTHS1:921600 --log flight.mcap
  edgegeo fly field.edgegeo --source flight.mp4 --fov-deg 63 --replay poses.csv --log again.mcap
  edgegeo fly other.edgegeo --replay flight.mcap --fast --log again.mcap
"""


def add_flags(p: argparse.ArgumentParser) -> None:
    """Add all of them."""
    p.add_argument("engine", metavar="ENGINE")
    _camera(p.add_argument_group("camera"))
    _autopilot(p.add_argument_group("autopilot"))
    _output(p.add_argument_group("output"))
    _replay(p.add_argument_group("replay"))


def _camera(p: "argparse._ArgumentGroup") -> None:
    where = "rtsp://..., /dev/video0, gst:PIPELINE, video or folder"
    p.add_argument("--source", metavar="WHERE", help=where)
    lens = p.add_mutually_exclusive_group()
    lens.add_argument("--camera", metavar="FILE", help="ROS, OpenCV or Kalibr calibration")
    lens.add_argument("--fov-deg", type=float, metavar="DEG", help="horizontal field of view")
    p.add_argument("--camera-name", default="cam0", help="of a Kalibr file (default cam0)")
    p.add_argument(
        "--mount-yaw-deg",
        type=float,
        metavar="DEG",
        help="the picture's up side in the vehicle, clockwise from the nose (default 0, or logged)",
    )
    for axis, means in (("pitch", "looks ahead"), ("roll", "right side down")):
        p.add_argument(f"--mount-{axis}-deg", type=float, metavar="DEG", help=means)
    p.add_argument(
        "--camera-delay-ms",
        type=float,
        default=0.0,
        metavar="MS",
        help="from exposure to the stream's timestamp, or to arrival (default 0)",
    )
    p.add_argument("--gimbal", action="store_true", help="the camera hangs in a MAVLink gimbal")
    p.add_argument("--scaled", action="store_true", help="frames are the calibrated ones, resized")


def _autopilot(p: "argparse._ArgumentGroup") -> None:
    p.add_argument("--autopilot", choices=AUTOPILOTS, help="what positions are sent as")
    p.add_argument(
        "--connection", metavar="C", help="udpin:HOST:PORT, udpout:, tcp:, or serial:DEVICE:BAUD"
    )
    p.add_argument("--gps-port", metavar="DEVICE:BAUD", help="where nmea and ubx are written")
    p.add_argument("--system", type=int, default=1, metavar="N", help="of the vehicle (default 1)")
    p.add_argument(
        "--sensor-id", type=int, default=1, metavar="N", help="of this localizer for px4, 1 to 255"
    )
    p.add_argument("--signing-file", metavar="F", help="holds the passphrase of MAVLink signing")
    p.add_argument(
        "--no-attitude",
        action="store_true",
        help="use frames without attitude or height: looking straight down, heading unknown",
    )
    p.add_argument(
        "--velocity",
        choices=("autopilot", "pictures"),
        default="autopilot",
        help="whose velocity carries on between fixes (default: autopilot's, pictures where none)",
    )
    p.add_argument(
        "--without-velocity",
        action="store_true",
        help="ardupilot-gps, nmea: the autopilot fuses no velocity (EK3_SRC1_VELXY is 0)",
    )


def _output(p: "argparse._ArgumentGroup") -> None:
    p.add_argument("--rate-hz", type=float, metavar="HZ", help="of positions (default: 10, or 5)")
    p.add_argument(
        "--stop-after-s", type=float, default=5.0, metavar="S", help="silence so long after a fix"
    )
    p.add_argument(
        "--max-sigma-m", type=float, default=50.0, metavar="M", help="silence where less sure"
    )
    p.add_argument("--dry-run", action="store_true", help="send everything but positions")
    p.add_argument("--log", metavar="MCAP", help="write the flight here; never over another log")
    p.add_argument(
        "--log-frames",
        action="store_true",
        help="log every frame used, whole, and all the autopilot tells: for --replay",
    )
    p.add_argument("--threads", type=int, default=0, metavar="N", help="0 for all cores")


def _replay(p: "argparse._ArgumentGroup") -> None:
    p.add_argument(
        "--replay",
        metavar="FILE",
        help="a log of --log-frames, or a CSV with the poses of SOURCE's frames: frame or file, "
        "heading_deg, gsd_m_per_px",
    )
    p.add_argument("--truth", metavar="CSV", help="for the log: frame or file, lat_deg, lon_deg")
    p.add_argument("--fast", action="store_true", help="every frame, as fast as they are located")
    p.add_argument(
        "--images-per-s", type=float, default=1.0, metavar="HZ", help="of a folder (default 1)"
    )
