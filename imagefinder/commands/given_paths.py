"""Paths and pictures as they are given on the command line: also file: addresses, and those of the web."""

import argparse
import os
from pathlib import Path

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.file_addresses import is_file_address, is_web_address, local_path
from imagefinder.domain.images import Query


def given_path(text: str) -> Path:
    """For argparse: a path as it was typed, or the one that a file: address means.

    An empty one, as an unset variable of a script leaves, would be the current folder.
    """
    try:
        return Path(path_of(text))
    except ImageFinderError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def path_of(text: str) -> str:
    """The path that was typed, or the one that a file: address means. Raises ImageFinderError where there is none."""
    if not text.strip():
        raise ImageFinderError("An empty path names nothing.", "Name a folder or a file; the current folder is a dot.")
    if not is_file_address(text) or os.path.lexists(text):
        return text
    path = local_path(text)
    if path is None:
        raise ImageFinderError(f"{text} is no file of this computer.", "Name the path of the file.")
    return path


def picture(text: str, online: bool = True) -> Query:
    """The query that a picture on the command line is: a path, a file: address, or, if ``online``, one of the web.

    What is given with http is fetched when it is searched for, because the person typed it. Raises ImageFinderError.
    """
    if is_web_address(text):
        if not online:
            raise ImageFinderError(f"{text} is an address of the web.", "Save the picture, and name the file.")
        return Query(name=text.partition("?")[0].rstrip("/").rpartition("/")[2] or text, url=text)
    path = path_of(text)
    return Query(name=os.path.basename(path), path=path)


def window_argument(text: str) -> str:
    """What the window is opened on: the path, or an address of the web as it is. Raises ImageFinderError."""
    return text if is_web_address(text) else path_of(text)
