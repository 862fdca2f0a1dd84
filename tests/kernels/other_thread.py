"""Does a kernel let go of the interpreter while it works?"""

import sys
import threading
from collections.abc import Callable


def progress_elsewhere(run: Callable[[], object], tries: int = 20) -> bool:
    """Return whether a thread in Python moves on during one call of `run`.

    The switch interval is made so long that only a call that gives the lock up lets the other
    thread in.
    """
    before = sys.getswitchinterval()
    count, stop = [0], threading.Event()

    def tick() -> None:
        while not stop.is_set():
            count[0] += 1
            stop.wait(1e-5)

    thread = threading.Thread(target=tick)
    thread.start()
    sys.setswitchinterval(60.0)
    try:
        for _ in range(tries):
            at_start = count[0]
            run()
            if count[0] > at_start:
                return True
    finally:
        sys.setswitchinterval(before)
        stop.set()
        thread.join()
    return False
