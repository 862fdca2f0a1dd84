"""How many threads a board is worth, on small made trees of /sys and /proc."""

import os

import pytest

from edgegeo.backends.onnxruntime import Session
from edgegeo.cpus import usable_cpus
from edgegeo.model_folder import RANKER, SHIPPED


def tree(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def cores(*capacities):
    names = (f"sys/devices/system/cpu/cpu{n}/cpu_capacity" for n in range(len(capacities)))
    return dict(zip(names, map(str, capacities), strict=True))


def test_without_anything_known_every_cpu_of_the_mask_counts(tmp_path):
    assert usable_cpus(tmp_path, {0, 1, 5}) == 3


@pytest.mark.parametrize(
    ("capacities", "allowed", "count"),
    [
        ([1024] * 6, range(6), 6),  # Orin Nano: all alike
        ([414] * 4 + [1024] * 4, range(8), 4),  # RK3588: four slow, four fast
        ([280] * 4 + [870] * 3 + [1024], range(8), 4),  # three clusters: the middle one helps
        ([414] * 4 + [1024] * 4, {1, 2, 3}, 3),  # only slow ones are allowed: they are alike
        ([414] * 4 + [1024] * 4, {3, 4}, 1),
        ([512, 1024], {0, 1}, 2),  # half as fast: just worth it
    ],
)
def test_slow_cores_are_left_to_others(tmp_path, capacities, allowed, count):
    assert usable_cpus(tree(tmp_path, cores(*capacities)), allowed) == count


@pytest.mark.parametrize(
    ("limit", "count"),
    [
        ("max 100000\n", 8),
        ("400000 100000\n", 4),
        ("150000 100000\n", 1),  # a second thread would stand still for half of each period
        ("50000 100000\n", 1),
        ("1600000 100000\n", 8),  # more than there are
        ("", 8),
    ],
)
def test_a_quota_of_version_2(tmp_path, limit, count):
    files = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": limit}
    assert usable_cpus(tree(tmp_path, files), range(8)) == count


@pytest.mark.parametrize("at", ["", "system.slice/", "system.slice/flight.service/"])
def test_every_group_above_may_limit(tmp_path, at):
    files = {
        "proc/self/cgroup": "0::/system.slice/flight.service\n",
        "sys/fs/cgroup/system.slice/flight.service/cpu.max": "500000 100000\n",
    }
    files[f"sys/fs/cgroup/{at}cpu.max"] = "300000 100000\n"
    assert usable_cpus(tree(tmp_path, files), range(8)) == 3


def version_1(path, quota_us):
    return {
        "proc/self/cgroup": f"4:memory:{path}\n3:cpuset:/\n2:cpu,cpuacct:{path}\n0::/\n",
        f"sys/fs/cgroup/cpu{path}/cpu.cfs_quota_us": f"{quota_us}\n",
        f"sys/fs/cgroup/cpu{path}/cpu.cfs_period_us": "100000\n",
    }


@pytest.mark.parametrize(("quota_us", "count"), [(-1, 8), (250_000, 2), (800_000, 8)])
def test_a_quota_of_version_1(tmp_path, quota_us, count):
    assert usable_cpus(tree(tmp_path, version_1("/docker/0123", quota_us)), range(8)) == count


def test_a_container_that_sees_the_path_of_the_host(tmp_path):
    """/proc tells the host's path; what is mounted is the container's own group."""
    files = version_1("", 200_000)
    files["proc/self/cgroup"] = "2:cpu,cpuacct:/docker/0123\n"
    assert usable_cpus(tree(tmp_path, files), range(8)) == 2


@pytest.mark.parametrize("text", ["", "nonsense\n", "1:cpu\n", "0::/../../above\n", "2:cpu:/\n"])
def test_groups_that_say_nothing_limit_nothing(tmp_path, text):
    assert usable_cpus(tree(tmp_path, {"proc/self/cgroup": text}), range(4)) == 4


def test_the_least_counts(tmp_path):
    quota = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "300000 100000\n"}
    board = tree(tmp_path, cores(*[414] * 4, *[1024] * 4) | quota)
    assert usable_cpus(board, range(8)) == 3
    assert usable_cpus(board, range(6)) == 2


def test_a_session_takes_them_by_default():
    assert 1 <= usable_cpus() <= len(os.sched_getaffinity(0))
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert usable_cpus() == 1
        assert Session(SHIPPED / RANKER).threads == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert Session(SHIPPED / RANKER, threads=3).threads == 3
