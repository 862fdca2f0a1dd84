"""Frames in: a folder of images, one image, or a video."""

from edgegeo.sources.frame import Frame as Frame
from edgegeo.sources.frame import FrameSource as FrameSource
from edgegeo.sources.open import open_frames as open_frames
