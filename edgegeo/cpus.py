"""How many CPUs this process may keep busy: the threads of a network and of a search.

A network's threads share each operator and wait for the last of them, so one too many costs more
than one too few: a thread on a slow core, or one that the system puts to sleep, holds up the rest.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

SLOW = 0.5  # of the fastest core; with as many slow as fast ones, equal shares take longer on all


def usable_cpus(root: Path = Path("/"), allowed: Collection[int] | None = None) -> int:
    """Return how many threads are best: fast cores this process may use, within its quota.

    Args:
        root: where `sys` and `proc` are.
        allowed: numbers of the CPUs it may run on; those of its affinity mask by default.

    A core counts that has at least half the capacity of the fastest one allowed (cpu_capacity,
    which Linux gives on boards with unlike cores; without it all count). A quota of the control
    group (`docker run --cpus`, systemd's CPUQuota) counts in whole CPUs: with 1.5 of them a second
    thread would stand still for half of each period, and the first would wait for it.
    """
    allowed = os.sched_getaffinity(0) if allowed is None else allowed
    capacities = [_capacity(root, cpu) for cpu in allowed]
    fast = sum(capacity >= SLOW * max(capacities) for capacity in capacities)
    return max(1, min([fast, *(int(quota) for quota in _quotas(root))]))


def _capacity(root: Path, cpu: int) -> int:
    try:
        return int((root / f"sys/devices/system/cpu/cpu{cpu}/cpu_capacity").read_text())
    except (OSError, ValueError):
        return 1024


def _quotas(root: Path) -> Iterator[float]:
    """Yield the CPUs that each control group above this process grants; none where unlimited."""
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for group in groups:
        _, _, rest = group.partition(":")
        controllers, colon, path = rest.partition(":")
        if not colon or (controllers and "cpu" not in controllers.split(",")):
            continue
        top = root / "sys/fs/cgroup" / ("cpu" if controllers else "")
        folder = top / path.strip("/")
        # A container may see its own group as the top one, and the path of the host.
        for place in {folder, *folder.parents, top}:
            if place.is_relative_to(top):
                with suppress(OSError, ValueError, ZeroDivisionError):  # "max" is no number
                    quota_us, period_us = _quota(place, version=1 if controllers else 2)
                    if quota_us > 0:  # -1 in version 1: unlimited
                        yield quota_us / period_us


def _quota(group: Path, version: int) -> tuple[int, int]:
    if version == 2:
        quota, period = (group / "cpu.max").read_text().split()
    else:
        quota, period = ((group / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
    return int(quota), int(period)
