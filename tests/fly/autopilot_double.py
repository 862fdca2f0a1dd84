"""A double of an autopilot in a process of its own: real UDP and MAVLink, its own clock, no flying.

    python -m tests.fly.autopilot_double ORDERS.json

It reads what it shall say from a table, answers TIMESYNC, and writes what it hears, a JSON line a
message with the time of arrival on CLOCK_MONOTONIC, which all processes share.
"""

import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pymavlink.dialects.v20 import ardupilotmega as m

from tests.autopilot.peer import Peer
from tests.tracking.flights import gauss_markov

STEP_S = 0.02  # 50 Hz
ATTITUDE_DEG, HEADING_DEG = 0.5, 2.0  # errors: slow, one sigma
HEIGHT, HEIGHT_M = 0.01, 0.3  # slow and relative, fast
VELOCITY_M_S = 0.3
HEARD = {"GLOBAL_POSITION_SENSOR", "ODOMETRY", "VISION_POSITION_ESTIMATE", "GPS_INPUT"}


@dataclass(kw_only=True)
class Orders:
    """`silent_s`: spans without a word; `jumps`: (when, by how much) its clock jumps, seconds."""

    port: int
    table: str
    heard: str
    start_s: float  # of the flight, on CLOCK_MONOTONIC
    seconds: float
    silent_s: list = field(default_factory=list)
    jumps: list = field(default_factory=list)
    without: list = field(default_factory=list)  # kinds of messages never sent


def write_table(path: Path, scene, seconds: float, seed: int) -> None:
    """Write what the autopilot believes every STEP_S: the truth with stated errors."""
    rng, steps = np.random.default_rng(seed), round(seconds / STEP_S) + 1
    tilt = np.radians(gauss_markov(rng, steps, STEP_S, ATTITUDE_DEG, 20.0))
    yaw = np.radians(gauss_markov(rng, steps, STEP_S, HEADING_DEG, 30.0)[:, 0])
    scale = gauss_markov(rng, steps, STEP_S, HEIGHT, 60.0)[:, 0]
    drift = gauss_markov(rng, steps, STEP_S, VELOCITY_M_S, 15.0)
    rows = np.empty((steps, 8))
    for i in range(steps):
        s = scene.state(i * STEP_S)
        rows[i] = (
            *(np.radians(s.roll_deg) + tilt[i, 0], np.radians(s.pitch_deg) + tilt[i, 1]),
            np.radians(s.heading_deg) + yaw[i],
            s.height_m * (1 + scale[i]) + HEIGHT_M * rng.standard_normal(),
            *(s.north_m_s + drift[i, 1], s.east_m_s + drift[i, 0]),
            *(s.lat_deg, s.lon_deg),
        )
    np.save(path, rows)


def main() -> None:
    orders = Orders(**json.loads(Path(sys.argv[1]).read_text()))
    rows = np.load(orders.table)
    peer = Peer(orders.port, offset_ns=7_000_000_000)
    done = 0
    with Path(orders.heard).open("w") as out:
        step = 0
        while (now_s := time.monotonic() - orders.start_s) < orders.seconds:
            while orders.jumps and now_s >= orders.jumps[0][0]:
                peer.offset_ns += round(1e9 * orders.jumps.pop(0)[1])
            silent = any(a <= now_s < b for a, b in orders.silent_s)
            if not silent:
                peer.pump()
                for message in peer.got[done:]:
                    out.write(json.dumps(_heard(message, now_s)) + "\n")
                done = len(peer.got)
                _say(peer, rows, now_s, step, orders)
            step += 1
            time.sleep(max(0.0, STEP_S - (time.monotonic() - orders.start_s - now_s)))
            out.flush()


def _heard(message, now_s: float) -> dict:
    said = {
        "at_s": now_s,
        "type": message.get_type(),
        "system": message.get_srcSystem(),
        "component": message.get_srcComponent(),
    }
    if said["type"] in HEARD | {"STATUSTEXT"}:
        said |= {k: v for k, v in message.to_dict().items() if k != "mavpackettype"}
    return said


def _say(peer: Peer, rows, now_s: float, step: int, orders: Orders) -> None:
    row = rows[min(len(rows) - 1, max(0, round(now_s / STEP_S)))]
    roll, pitch, yaw, height_m, north, east = map(float, row[:6])
    lat, lon = map(float, rows[0, 6:])
    boot_ms = (time.monotonic_ns() + peer.offset_ns) // 1_000_000 % 2**32
    yaw = (yaw + np.pi) % (2 * np.pi) - np.pi

    def due(kind: str, every: int) -> bool:
        return step % every == 0 and kind not in orders.without

    if due("HEARTBEAT", 50):
        peer.heartbeat(m.MAV_AUTOPILOT_PX4)
    if due("ATTITUDE", 1):
        peer.send(m.MAVLink_attitude_message(boot_ms, roll, pitch, yaw, 0, 0, 0))
    if due("DISTANCE_SENSOR", 3):
        slant_cm = round(100 * height_m / (np.cos(roll) * np.cos(pitch)))
        peer.send(m.MAVLink_distance_sensor_message(boot_ms, 20, 60_000, slant_cm, 0, 0, 25, 0))
    if due("GLOBAL_POSITION_INT", 5):
        above_mm, cm_s = round(1000 * height_m), (round(100 * north), round(100 * east), 0)
        told = (boot_ms, 0, 0, 50_000 + above_mm, above_mm, *cm_s, 0)
        peer.send(m.MAVLink_global_position_int_message(*told))
    if due("GPS_GLOBAL_ORIGIN", 50):
        at_e7 = (round(1e7 * lat), round(1e7 * lon))
        peer.send(m.MAVLink_gps_global_origin_message(*at_e7, 50_000))


if __name__ == "__main__":
    main()
