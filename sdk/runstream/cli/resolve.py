"""What the user means: an experiment by name or id, a run by its id or a part of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runstream.cli.session import Session
from runstream.entities import Experiment, Run, ViewType
from runstream.error_codes import RESOURCE_DOES_NOT_EXIST
from runstream.exceptions import MlflowException

RUN_ID_LENGTH = 32
# Shorter abbreviations are more likely a slip than an id.
LEAST_LENGTH = 4
ABBREVIATION = re.compile(rf"[0-9a-f]{{{LEAST_LENGTH},{RUN_ID_LENGTH - 1}}}")
PAGE = 1000


def not_found(message: str) -> MlflowException:
    return MlflowException(message, RESOURCE_DOES_NOT_EXIST)


def experiment_of(session: Session, text: str) -> Experiment:
    """The experiment with this id or, where there is none, with this name."""
    if text.isdecimal():
        try:
            return session.client.get_experiment(text)
        except MlflowException as error:
            if error.error_code != RESOURCE_DOES_NOT_EXIST:
                raise
    found = session.client.get_experiment_by_name(text)
    if found is None:
        raise not_found(f"There is no experiment with the id or the name {text!r}.")
    return found


def experiments(session: Session, view: int = ViewType.ALL) -> Iterator[Experiment]:
    """All experiments of a view, page after page."""
    token = None
    while True:
        page = session.client.search_experiments(view_type=view, max_results=PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def run_id_of(session: Session, text: str) -> str:
    """The id of the one run whose id is, begins or ends like this.

    Ids begin with the time of their making, so the end tells runs apart sooner.
    """
    text = text.lower()
    if not ABBREVIATION.fullmatch(text):
        return text
    for pattern in (f"{text}%", f"%{text}"):
        found = runs_like(session, pattern, at_most=2)
        if len(found) == 1:
            return found[0].info.run_id
        if found:
            raise not_found(f"More than one run matches {text!r}: give more of the id.")
    raise not_found(f"There is no run whose id begins or ends with {text!r}.")


def runs_like(session: Session, pattern: str, at_most: int) -> list[Run]:
    """Runs of all experiments, deleted ones too, whose id matches a LIKE pattern."""
    ids = [experiment.experiment_id for experiment in experiments(session)]
    page = session.client.search_runs(
        ids,
        filter_string=f"attributes.run_id LIKE '{pattern}'",
        run_view_type=ViewType.ALL,
        max_results=at_most,
    )
    return list(page)


def runs_of(session: Session, experiment_id: str) -> Iterator[Run]:
    """All runs of an experiment, deleted ones too, page after page."""
    token = None
    while True:
        page = session.client.search_runs(
            [experiment_id], run_view_type=ViewType.ALL, max_results=PAGE, page_token=token
        )
        yield from page
        token = page.token
        if not token:
            return
