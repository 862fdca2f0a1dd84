"""A double of a network camera: MPEG-TS over loopback TCP, cut off in the middle of a picture."""

import socket
import threading
import time

import av

RATE_HZ = 10


class TcpCamera:
    """Streams these images in turn to whoever connects; a context manager.

    Its first line is cut `cut_at` pictures later, in the middle of one; later ones hold. `lines`
    counts the connections.
    """

    def __init__(self, images, cut_at: int, pictures: int = 300) -> None:
        self._pieces = encoded([images[k % len(images)] for k in range(pictures)])
        self._cut_at = cut_at
        self.lines = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "TcpCamera":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(timeout=10)

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._server.accept()
            except OSError:  # closed
                return
            self.lines += 1
            with line:
                self._send(line, self.lines == 1)

    def _send(self, line: socket.socket, cut: bool) -> None:
        try:
            for k, piece in enumerate(self._pieces):
                if cut and k == self._cut_at:
                    line.sendall(piece[: len(piece) // 2])
                    return
                line.sendall(piece)
                time.sleep(1 / RATE_HZ)
        except OSError:  # the reader is gone
            return


def encoded(images) -> list[bytes]:
    """Return MPEG-TS of BGR images, in one piece a picture."""
    sink, pieces = Sink(), []
    with av.open(sink, "w", format="mpegts") as container:
        stream = container.add_stream("mpeg4", rate=RATE_HZ)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", 4_000_000
        for k, image in enumerate(images):
            picture = av.VideoFrame.from_ndarray(image, format="bgr24")
            picture.pts = k
            container.mux(stream.encode(picture))
            pieces.append(sink.take())
    return pieces


class Sink:
    """Where the container is written to."""

    def __init__(self) -> None:
        self._data = b""

    def write(self, data) -> int:
        self._data += bytes(data)
        return len(data)

    def take(self) -> bytes:
        data, self._data = self._data, b""
        return data
