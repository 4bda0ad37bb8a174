"""Pixels in, pixels out. The only home of Pillow."""

PROBE_FLAG = "--try-decoding"
"""Makes an installed program, which has no Python to start, run the decoder probe instead of the app."""

SVG_FLAG = "--draw-svg"
"""The same for the child process that draws SVG drawings."""
