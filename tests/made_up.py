"""Folders, photos and failures that are on no disk, for tests of panels."""

from dataclasses import replace

from imagefinder.domain.images import Failure, FileStamp, Folder, FolderState, ImageInfo, Photo

PHOTO = Photo(
    id=7,
    folder_id=1,
    root="/photos",
    relpath="2019/beach.jpg",
    stamp=FileStamp(3_412_345, 1_700_000_000 * 10**9),
    content_key=b"0123456789abcdef",
    info=ImageInfo(4000, 3000, "JPEG", "2019-07-14 15:32:10", "FUJIFILM X-T30"),
    colour=0x8A9B52,
    offline=False,
)
OFFLINE_PHOTO = replace(PHOTO, id=8, offline=True, info=ImageInfo(640, 480, "PNG"))


def folder(folder_id: int, path: str, state: FolderState = FolderState.INDEXED, photos: int = 0) -> Folder:
    return Folder(folder_id, path, state, photos, (".*", "@eaDir"))


def failure(relpath: str, reason: str = "The file is empty.") -> Failure:
    return Failure(1, "/photos", relpath, FileStamp(0, 0), reason)
