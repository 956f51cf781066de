"""Images as users have them: arrays, PIL images, files."""

from __future__ import annotations

import importlib
import io
import os
from typing import Any

from runstream._notices import warn

# Of the small copy that user interfaces show first.
_PREVIEW_PIXELS = 256
_CHANNELS = (1, 3, 4)


class Image:
    """An image that `log_image` and the columns of `log_table` take.

    image: a numpy array (see `log_image`), a PIL image, a list of rows of
        pixels, or the path of a file.

    Raises ImportError without Pillow, TypeError and ValueError for what is no image.
    """

    def __init__(self, image: Any) -> None:
        if isinstance(image, str | os.PathLike):
            with _pillow().open(image) as opened:
                opened.load()
                self.image: Any = opened
        elif isinstance(image, list):
            self.image = as_pil(_numpy().array(image))
        else:
            self.image = as_pil(image)

    def to_pil(self) -> Any:
        """The image as PIL has it."""
        return self.image

    def to_array(self) -> Any:
        """The pixels as a numpy array."""
        return _numpy().array(self.image)

    def to_list(self) -> list[Any]:
        """The pixels as nested lists."""
        pixels: list[Any] = self.to_array().tolist()
        return pixels

    def resize(self, size: tuple[int, int]) -> Image:
        """A copy of another width and height."""
        return Image(self.image.resize(size))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a file; the kind goes by the ending."""
        self.image.save(path)


def as_pil(image: Any) -> Any:
    """A PIL image of an array, an `Image` or a PIL image. TypeError for what is none."""
    if isinstance(image, Image):
        return image.image
    if isinstance(image, _pillow().Image):
        return image
    if type(image).__module__ == "numpy" and hasattr(image, "dtype"):
        return _of_array(image)
    raise TypeError(
        f"Unsupported image object type: {type(image)}. `image` must be one of numpy.ndarray, "
        "PIL.Image.Image and runstream.Image."
    )


def decoded(content: bytes) -> Any:
    """The bytes of a file as a PIL image."""
    image = _pillow().open(io.BytesIO(content))
    image.load()
    return image


def encoded(image: Any, file_format: str) -> bytes:
    """A PIL image as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, format=file_format)
    return buffer.getvalue()


def encoded_as(image: Any, path: str) -> bytes:
    """The same, of the kind that the ending of `path` means. ValueError for an unknown one."""
    pillow = _pillow()
    pillow.init()
    ending = os.path.splitext(path)[1].lower()
    known = pillow.registered_extensions()
    if ending not in known:
        raise ValueError(f"unknown file extension of an image: {ending!r} in {path!r}")
    return encoded(image, known[ending])


def preview(image: Any) -> bytes:
    """A small copy as WebP."""
    small = image.copy()
    small.thumbnail((_PREVIEW_PIXELS, _PREVIEW_PIXELS))
    return encoded(small, "WEBP")


def _of_array(array: Any) -> Any:
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"Invalid array data type: {str(array.dtype)!r}. Must be one of bool, signed integer, "
            "unsigned integer, floating."
        )
    if array.ndim not in (2, 3):
        raise ValueError(f"`image` must be a 2D or 3D array but got image shape: {array.shape}")
    if array.ndim == 3 and array.shape[2] not in _CHANNELS:
        raise ValueError(
            f"Invalid channel length: {array.shape[2]}. Must be one of {list(_CHANNELS)}"
        )
    if not array.size:
        raise ValueError(f"`image` has no pixels: its shape is {array.shape}")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    return _pillow().fromarray(_as_bytes(array))


def _as_bytes(array: Any) -> Any:
    """Channels as integers of 0 to 255; those of floats are meant from 0 to 1."""
    kind, low, high = array.dtype.kind, array.min(), array.max()
    if kind == "b":
        return array.astype("uint8") * 255
    if kind in "iu":
        if low < 0 or high > 255:
            raise ValueError(
                "Integer pixel values out of acceptable range [0, 255]. Found minimum value "
                f"{low} and maximum value {high}."
            )
        return array.astype("uint8")
    if not (low >= 0 and high <= 1):
        warn(f"Pixels of an image are from {low} to {high}: cut to 0 … 1, as floats are meant.")
        array = _numpy().nan_to_num(array).clip(0, 1)
    return (array * 255).astype("uint8")


def _pillow() -> Any:
    try:
        return importlib.import_module("PIL.Image")
    except ImportError as error:
        raise ImportError("Images need the package pillow: pip install pillow") from error


def _numpy() -> Any:
    try:
        return importlib.import_module("numpy")
    except ImportError as error:
        raise ImportError("Images as arrays need the package numpy: pip install numpy") from error
