"""A camera that sends a real stream over loopback, as a program of its own.

python -m tests.sources.sender URL FORMAT FRAMES [STALL_AT]

Frame i is grey of the level 8 * i modulo 256, at 20 frames a second. At STALL_AT it falls silent
without closing.
"""

import sys
import time

import av
import numpy as np

RATE_HZ = 20


def main(url: str, form: str, frames: str, stall_at: str = "-1") -> None:
    options = {"rtsp_transport": "tcp"} if form == "rtsp" else {}
    for _ in range(100):  # until somebody listens
        try:
            container = av.open(url, "w", format=form, options=options)
            container.add_stream("mpeg4", rate=RATE_HZ)
            stream = container.streams.video[0]
            stream.width, stream.height, stream.pix_fmt, stream.gop_size = 160, 120, "yuv420p", 5
            container.start_encoding()
            break
        except OSError:
            time.sleep(0.1)
    for i in range(int(frames)):
        if i == int(stall_at):
            time.sleep(60)
        image = np.full((120, 160, 3), 8 * i % 256, np.uint8)
        frame = av.VideoFrame.from_ndarray(image, format="bgr24")
        frame.pts = i
        for packet in stream.encode(frame):
            container.mux(packet)
        time.sleep(1 / RATE_HZ)
    container.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
