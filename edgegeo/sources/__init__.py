"""Frames in: files by name, and cameras of which only the newest frame counts."""

from edgegeo.sources.frame import Frame as Frame
from edgegeo.sources.frame import FrameSource as FrameSource
from edgegeo.sources.live_source import LiveSource as LiveSource
from edgegeo.sources.live_source import SourceState as SourceState
from edgegeo.sources.live_source import SourceStatus as SourceStatus
from edgegeo.sources.open import open_frames as open_frames
from edgegeo.sources.open_camera import open_camera as open_camera
from edgegeo.sources.pushed import PushedFrames as PushedFrames
