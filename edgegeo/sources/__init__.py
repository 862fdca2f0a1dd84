"""Frames in: files by name, and cameras of which only the newest frame counts."""

from edgegeo.sources.camera import Camera as Camera
from edgegeo.sources.camera import CameraStatus as CameraStatus
from edgegeo.sources.camera import Link as Link
from edgegeo.sources.frame import Frame as Frame
from edgegeo.sources.frame import FrameSource as FrameSource
from edgegeo.sources.open import open_frames as open_frames
from edgegeo.sources.open_camera import open_camera as open_camera
from edgegeo.sources.pushed import PushedFrames as PushedFrames
