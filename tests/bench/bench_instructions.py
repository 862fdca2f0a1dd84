"""How many instructions each kernel takes on a fixed input: seconds are noisy, these are not.

    cmake -S . -B build/targets -DEDGEGEO_TARGETS_TEST=ON
    cmake --build build/targets --target count_kernels
    python -m tests.bench.bench_instructions build/targets/count_kernels
    python -m tests.bench.bench_instructions build/targets/count_kernels --record

Needs valgrind, which counts what the CPU would run on the best target it knows (not AVX-512). Fails
where a kernel takes over 3 % more than is recorded in instructions/recorded.json, which holds
for one compiler; with another one the counts are printed and nothing fails. `--record` writes it
anew, for a change that is meant.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from edgegeo import durable

RECORDED = Path(__file__).parent / "instructions" / "recorded.json"
ALLOWED = 1.03
COUNTED = ("avx2", "neon")  # the best of those that valgrind knows


def output_of(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def count(program: Path, kernel: str, target: str) -> int:
    """Return the instructions between entering and leaving the kernel."""
    with tempfile.TemporaryDirectory() as folder:
        said = output_of(
            *("valgrind", "--tool=callgrind", "--toggle-collect=counted"),
            *(f"--callgrind-out-file={folder}/out", program, kernel, target),
        )
    found = re.search(r"Collected : (\d+)", said)
    if found is None or int(found[1]) == 0:
        raise SystemExit(f"callgrind counted nothing of {kernel}:\n{said}")
    return int(found[1])


def compiler_of(program: Path) -> str:
    """Return what the compiler wrote into the program."""
    comments = output_of("readelf", "-p", ".comment", program)
    return " ".join(sorted(set(re.findall(r"\] +(.+)", comments))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path)
    parser.add_argument("--record", action="store_true")
    args = parser.parse_args()

    listed = [line.split() for line in output_of(args.program).splitlines()]
    kernels = [name for kind, name in listed if kind == "kernel"]
    (target,) = [name for kind, name in listed if kind == "target" and name in COUNTED] or [""]
    if not target:
        raise SystemExit(f"this machine runs none of {', '.join(COUNTED)}")
    recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    compiler = compiler_of(args.program)
    counts = {kernel: count(args.program, kernel, target) for kernel in kernels}
    if args.record:
        recorded[target] = {"compiler": compiler, "instructions": counts}
        durable.write_file(RECORDED, (json.dumps(recorded, indent=2) + "\n").encode())
    held = recorded.get(target, {"compiler": "none", "instructions": {}})
    same = held["compiler"] == compiler
    print(f"{target}, {compiler}\n")
    print("| kernel | thousand instructions | of the recorded |\n|---|---|---|")
    grown = []
    for kernel, instructions in counts.items():
        before = held["instructions"].get(kernel)
        ratio = instructions / before if before else float("nan")
        print(f"| {kernel} | {instructions / 1e3:.0f} | {ratio:.3f} |")
        if same and not ratio <= ALLOWED:
            grown.append(kernel)
    if not same:
        print(f"\nnothing is judged: what is recorded is of {held['compiler']}")
    if grown:
        sys.exit(f"more instructions than recorded, or none recorded: {', '.join(grown)}")


if __name__ == "__main__":
    main()
