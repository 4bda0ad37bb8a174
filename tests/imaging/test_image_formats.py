import warnings

import pytest
from PIL import Image

from imagefinder.imaging import formats


def test_everything_that_is_promised_is_supported() -> None:
    promised = {"JPEG", "PNG", "WebP", "GIF", "TIFF", "BMP", "AVIF", "HEIC"}
    assert promised <= set(formats.supported())


def test_plug_ins_that_run_programs_are_never_tried() -> None:
    assert not {"EPS", "WMF", "FPX"} & set(formats.decoders())


def test_the_warnings_of_pillow_stay_quiet_even_after_somebody_reset_the_filters() -> None:
    formats.decoders()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        formats.decoders()
        warnings.warn_explicit("corrupt EXIF", UserWarning, "TiffImagePlugin.py", 1, module="PIL.TiffImagePlugin")
        with pytest.raises(UserWarning, match="of our own"):
            warnings.warn_explicit("of our own", UserWarning, "a.py", 1, module="imagefinder.a")


def test_pillow_itself_lets_large_jpegs_through() -> None:
    formats.decoders()
    assert Image.MAX_IMAGE_PIXELS == formats.MAX_DECLARED_PIXELS
