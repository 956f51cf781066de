"""Images, figures, streams: what is stored under which name."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import plotly.graph_objects
import pytest
from matplotlib.figure import Figure
from PIL import Image as Pillow

import runstream
from runstream.exceptions import MlflowException
from tests.unit.sdk.fakes import spooled

pytestmark = pytest.mark.usefixtures("agent")
mpl.use("agg")


def files() -> dict[str, bytes]:
    return {a.path: blob.read_bytes() for _, a, blob in spooled().artifacts}


def pixels(content: bytes) -> Any:
    return np.array(Pillow.open(io.BytesIO(content)))


GREY = np.array([[0, 255], [7, 8]], np.uint8)
COLOUR = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)


@pytest.mark.parametrize(
    ("image", "stored"),
    [(GREY, GREY), (COLOUR, COLOUR), (GREY[:, :, None], GREY), (GREY.astype("i8"), GREY),
     (GREY > 7, np.where(GREY > 7, 255, 0)), (GREY / 255, GREY), (Pillow.fromarray(COLOUR), COLOUR),
     (runstream.Image(COLOUR), COLOUR), (runstream.Image(GREY.tolist()), GREY),
     (np.array([[2.5, -1.0]]), np.array([[255, 0]]))],
)  # fmt: skip
def test_log_image(image: Any, stored: Any) -> None:
    with runstream.start_run():
        runstream.log_image(image, "a/b.png")
    (content,) = files().values()
    assert (pixels(content) == stored).all()


def test_log_image_of_a_series() -> None:
    run = runstream.start_run()
    big = np.zeros((600, 300), np.uint8)
    runstream.log_image(big, key="dogs/a b", step=3, timestamp=17)
    names = sorted(files())
    pattern = r"images/dogs~a b\+step\+3\+timestamp\+17\+[0-9a-f]{32}"
    assert [re.sub(pattern, "", name) for name in names] == ["+compressed.webp", ".png"]
    assert pixels(files()[names[1]]).shape == (600, 300)
    assert max(pixels(files()[names[0]]).shape[:2]) == 256
    assert spooled().tags(run.info.run_id)["mlflow.loggedImages"] == "True"


@pytest.mark.parametrize(
    ("image", "given", "error"),
    [(GREY, {}, TypeError), (GREY, {"artifact_file": "a.png", "key": "k"}, TypeError),
     (GREY, {"artifact_file": "a.png", "step": 1}, TypeError), ([[1]], {"key": "k"}, TypeError),
     (GREY.astype(object), {"key": "k"}, TypeError), (GREY, {"key": "$"}, ValueError),
     (GREY, {"artifact_file": "none"}, ValueError), (GREY[0], {"key": "k"}, ValueError),
     (np.zeros((2, 2, 2)), {"key": "k"}, ValueError), (GREY.astype(int) * 2, {"key": "k"},
     ValueError), (GREY, {"artifact_file": "../a.png"}, MlflowException),
     (GREY, {"key": "k", "step": 0.5}, MlflowException), (GREY[:0], {"key": "k"}, ValueError)],
)  # fmt: skip
def test_refused_images(image: Any, given: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        runstream.log_image(image, **given)
    assert files() == {}


def test_an_image_and_its_forms(tmp_path: Path) -> None:
    image = runstream.Image(COLOUR)
    assert image.to_list() == COLOUR.tolist()
    assert image.resize((4, 6)).to_array().shape == (6, 4, 3)
    image.save(tmp_path / "x.png")
    assert (runstream.Image(tmp_path / "x.png").to_array() == COLOUR).all()
    assert image.to_pil().size == (2, 2)


def test_figures_of_matplotlib() -> None:
    figure = Figure(figsize=(1, 1))
    runstream.start_run()
    runstream.log_figure(figure, "plots/f.png", save_kwargs={"dpi": 20})
    runstream.log_figure(figure, "f.svg")
    found = files()
    assert pixels(found["plots/f.png"]).shape[:2] == (20, 20)
    assert b"<svg" in found["f.svg"]
    with pytest.raises(ValueError, match="not supported"):
        runstream.log_figure(figure, "f.nope")


def test_figures_of_plotly() -> None:
    figure = plotly.graph_objects.Figure()
    client = runstream.MlflowClient()
    run_id = client.create_run("0").info.run_id
    client.log_figure(run_id, figure, "p.html", save_kwargs={"full_html": False})
    assert b"plotly" in files()["p.html"]
    with pytest.raises(TypeError, match=r"\.xyz"):
        client.log_figure(run_id, figure, "p.xyz")
    with pytest.raises(TypeError, match="Unsupported figure"):
        client.log_figure(run_id, object(), "p.html")


def test_streams() -> None:
    stream = io.BytesIO(b"abc")
    stream.read(1)
    runstream.log_stream(stream, "s.bin")
    client = runstream.MlflowClient()
    client.log_stream(client.create_run("0").info.run_id, io.BytesIO(b""), "empty")
    assert files() == {"s.bin": b"bc", "empty": b""}


@pytest.mark.parametrize("stream", ["abc", None, io.StringIO("abc"), 3])
def test_what_is_no_binary_stream(stream: Any) -> None:
    with pytest.raises(MlflowException, match="stream"):
        runstream.log_stream(stream, "s.bin")


@pytest.mark.parametrize("text", [b"abc", None, 3, "\ud800"])
def test_what_is_no_text(text: Any) -> None:
    with pytest.raises(MlflowException, match="text"):
        runstream.log_text(text, "t.txt")
