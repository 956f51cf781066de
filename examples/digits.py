"""Train small classifiers on scikit-learn's handwritten digits, tracked with Runstream.

    python examples/digits.py [FOLDER]

Two experiments: a sweep over the regularisation of a linear model (nested
runs), and two small neural networks. Every epoch logs its losses; every run
keeps its model and a plot. At the end the same commands that you would type
look at what was tracked. FOLDER (or any tracking URI) defaults to a new folder
below build/demo.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import matplotlib as mpl
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import runstream as mlflow
from runstream.cli.root import run as runstream_command
from runstream.tracking import MlflowClient

mpl.use("Agg")
from matplotlib import pyplot as plt

EPOCHS = 30
ALPHAS = (1e-4, 1e-2, 1.0)
LAYERS = ((32,), (64, 32))
LABELS = np.arange(10)
# All runs but the sweep, which trained nothing itself.
TRAINED = "metrics.test_loss < 10"


class Digits(NamedTuple):
    """Images as rows of 64 numbers from 0 to 1, and which digit each one is."""

    train_images: Any
    test_images: Any
    train_labels: Any
    test_labels: Any


def load() -> Digits:
    images, labels = load_digits(return_X_y=True)
    return Digits(*train_test_split(images / 16, labels, random_state=0, stratify=labels))


def train(model: Any, digits: Digits) -> float:
    """Train epoch by epoch, log each one to the active run, keep the model and a plot."""
    losses: dict[str, list[float]] = {"train": [], "test": []}
    accuracy = 0.0
    for epoch in range(EPOCHS):
        model.partial_fit(digits.train_images, digits.train_labels, classes=LABELS)
        accuracy = float(model.score(digits.test_images, digits.test_labels))
        for part, images, labels in (
            ("train", digits.train_images, digits.train_labels),
            ("test", digits.test_images, digits.test_labels),
        ):
            losses[part].append(log_loss(labels, model.predict_proba(images), labels=LABELS))
        mlflow.log_metrics(
            {
                "accuracy": accuracy,
                "train_loss": losses["train"][-1],
                "test_loss": losses["test"][-1],
            },
            step=epoch,
        )
    with tempfile.TemporaryDirectory() as folder:
        joblib.dump(model, Path(folder) / "model.joblib")
        plot(losses, Path(folder) / "losses.png")
        mlflow.log_artifacts(folder)
    return accuracy


def plot(losses: dict[str, list[float]], target: Path) -> None:
    figure, axes = plt.subplots(figsize=(5, 3))
    for part, values in losses.items():
        axes.plot(values, label=part)
    axes.set(xlabel="epoch", ylabel="log loss", yscale="log")
    axes.legend()
    figure.savefig(target, bbox_inches="tight")
    plt.close(figure)


def sweep(digits: Digits) -> None:
    """One run per setting, nested in a run for the sweep."""
    mlflow.set_experiment("digits-linear")
    with mlflow.start_run(run_name="sweep"):
        best = (0.0, 0.0)
        for alpha in ALPHAS:
            with mlflow.start_run(run_name=f"alpha {alpha:g}", nested=True):
                mlflow.log_params({"model": "linear", "alpha": alpha, "epochs": EPOCHS})
                model = SGDClassifier(loss="log_loss", alpha=alpha, random_state=0)
                best = max(best, (train(model, digits), alpha))
        mlflow.log_param("best_alpha", best[1])
        mlflow.log_metric("accuracy", best[0])


def networks(digits: Digits) -> None:
    mlflow.set_experiment("digits-network")
    for layers in LAYERS:
        name = "-".join(map(str, layers))
        with mlflow.start_run(run_name=f"layers {name}"):
            mlflow.log_params({"model": "network", "layers": name, "epochs": EPOCHS})
            train(MLPClassifier(layers, learning_rate_init=0.01, random_state=0), digits)


def show(*arguments: str) -> None:
    """Run a command as if it had been typed."""
    print(f"\n$ runstream {shlex.join(arguments)}", flush=True)
    if runstream_command(arguments) != 0:
        sys.exit(f"runstream {arguments[0]} {arguments[1]} did not succeed")


def new_folder() -> Path:
    """The first of build/demo/1, build/demo/2, … that is not there."""
    base = Path(__file__).resolve().parent.parent / "build" / "demo"
    return next(base / str(n) for n in count(1) if not (base / str(n)).exists())


def main() -> None:
    where = sys.argv[1] if len(sys.argv) > 1 else os.path.relpath(new_folder())
    started = time.monotonic()
    mlflow.set_tracking_uri(where)
    digits = load()
    sweep(digits)
    networks(digits)
    client = MlflowClient()
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(
        experiments, filter_string=TRAINED, order_by=["metrics.accuracy DESC"]
    )
    took = time.monotonic() - started
    print(f"{len(runs)} models trained on {len(digits.train_labels)} digits in {took:.0f} s")

    os.environ["RUNSTREAM_TRACKING_URI"] = where
    best = runs[0].info.run_id[-8:]  # the end of an id is enough
    columns = "metrics.accuracy,metrics.test_loss,params.alpha,params.layers"
    show("runs", "search", TRAINED, "-o", "metrics.accuracy DESC", "-c", columns)
    print(f"\nThe best: {runs[0].info.run_name}, {runs[0].data.metrics['accuracy']:.1%} right.")
    show("metrics", "history", best, "test_loss")
    show("artifacts", "list", best)
    show("runs", "verify", best)
    print(f"\nEverything lies in {where}: artifacts as plain files in {where}/artifacts.")
    print("Next, look at one run, or serve the folder to other machines:\n")
    print(f"    {program()} -t {where} runs show {best}")
    print(f"    {program()} server {where}")


def program() -> str:
    """How this environment's `runstream` is called from here."""
    return os.path.relpath(Path(sys.executable).with_name("runstream"))


if __name__ == "__main__":
    main()
