"""Pages in headless Chromium, and their outline without one."""

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium on this machine")


class Outline(HTMLParser):
    VOID = frozenset({"meta", "link", "img", "br", "input"})

    def __init__(self):
        super().__init__()
        self.open, self.starts, self.urls = [], [], []

    def handle_starttag(self, tag, attrs):
        self.starts.append((tag, dict(attrs)))
        self.urls += [value for key, value in attrs if key in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.starts.append((tag, dict(attrs)))
        self.urls += [value for key, value in attrs if key in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def in_chromium(page, probe, folder):
    """Run a script at the end of a page; return the <body ...> tag it left and Chromium's log.

    Errors of the page are in the tag's data-faults, words on the console in the log.
    """
    watch = "<script>var faults = []; onerror = (m) => { faults.push(m); };</script>"
    probe = f'<script>{probe}document.body.dataset.faults = faults.join("; ");</script>'
    text = page.read_text().replace("<head>", "<head>" + watch)
    text = text.replace("</body>", probe + "</body>")
    (folder / "probe.html").write_text(text)
    done = subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
            *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
            *("--disable-sync", f"--user-data-dir={folder / 'profile'}"),
            *("--enable-logging=stderr", "--v=0", "--window-size=1400,1000", "--dump-dom"),
            (folder / "probe.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return re.search(r"<body[^>]*>", done.stdout).group(), done.stderr
