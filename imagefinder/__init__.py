"""imagefinder: a private desktop app for browsing similar images."""

__version__ = "0.1.0"
