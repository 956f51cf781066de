"""The hot path: points of one run.

A point is one lookup, one `struct.pack` and one C call that copies the cell and
moves the mapping's own position: no lock, no committed length.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Mapping
from typing import Union

from runstream.spool.errors import SpoolLost, WrongProcess
from runstream.spool.format import CELL_BYTES, POINT, Buffer, series_word
from runstream.spool.limits import COLUMN_PIECE_CELLS, MARK_INTERVAL_MS, TEMPLATES_MAX
from runstream.spool.writer import ProcessSpool

Column = Union["array[int]", "array[float]"]


def _nothing() -> None:
    return


def _any_key(key: str) -> None:
    return


class _Series:
    """The series of one run, and the careful way to write."""

    __slots__ = ("_check_key", "_on_mark", "_run_index", "_spool", "words")

    def __init__(
        self,
        spool: ProcessSpool,
        run_index: int,
        check_key: Callable[[str], None],
        on_mark: Callable[[], None],
    ) -> None:
        self._spool = spool
        self._run_index = run_index
        self._check_key = check_key
        self._on_mark = on_mark
        # A key, or (key, model id, dataset name, dataset digest), to the first
        # two fields of its cells.
        self.words: dict[str | tuple[str, str, str, str], int] = {}

    def word_of(self, key: str, of: tuple[str, str, str] = ("", "", "")) -> int:
        name = (key, *of) if any(of) else key
        word = self.words.get(name)
        if word is None:
            self._check_key(key)
            with self._spool.own_lock():
                word = self.words.get(name)
                if word is None:
                    index = self._spool.define_series(self._run_index, key, *of)
                    word = self.words[name] = series_word(self._run_index, index)
        return word

    def write(self, cells: Buffer, timestamp_ms: int) -> None:
        """A fork, a full segment, the mark, or a timestamp that would not be a cell."""
        spool = self._spool
        if not spool.mark[0]:
            raise WrongProcess("this spool was made by the parent process")
        if not timestamp_ms:
            raise ValueError("timestamp_ms is 0, which marks a cell that is not written")
        due = timestamp_ms >= spool.mark_ms and time.time_ns() // 1_000_000 >= spool.mark_ms
        if due and not spool.usable():
            raise SpoolLost("the files of this spool were removed while in use")
        spool.write_cells(cells)
        if due:  # and not only a timestamp in the future
            spool.mark_ms = time.time_ns() // 1_000_000 + MARK_INTERVAL_MS
            self._on_mark()


class RunSpool:
    """One run of a process. All methods are safe from any thread and signal handler.

    A value is anything that `struct.pack` takes for a double; others, a step
    that is no integer and one beyond int64 raise struct.error (TypeError,
    OverflowError in `log_metrics`), and nothing is written. A timestamp is
    never 0; that it is not negative is the caller's to see to.

    All logging calls raise WrongProcess in a fork, SpoolFull under the policy
    "raise", SpoolLost when the spool's files are gone, and what `check_key` raises.
    """

    __slots__ = ("_series", "_templates", "mark", "run_index", "spool", "words")

    # Key → the first field of `format.POINT` for its cells; of keys used so far.
    words: Mapping[str | tuple[str, str, str, str], int]
    # `mark[0]` is 0 in a fork, which must not write here.
    mark: memoryview

    def __init__(
        self,
        spool: ProcessSpool,
        run_index: int,
        check_key: Callable[[str], None] = _any_key,
        on_mark: Callable[[], None] = _nothing,
    ) -> None:
        """`check_key` is called once per new key, and raises when it is not allowed.

        `on_mark` is called about once a second of logging, by the logging thread:
        look whether the agent lives. It may log itself.
        """
        self.run_index = run_index
        self.spool = spool
        self._series = _Series(spool, run_index, check_key, on_mark)
        self._templates: dict[tuple[str, ...], bytes] = {}
        self.words = self._series.words
        self.mark = spool.mark

    def log_metric(self, key: str, value: float, step: int, timestamp_ms: int) -> None:
        """Log one point.

        A caller in a hurry does the same in place, for a key in `words`:

            cell = POINT.pack(points.words[key], step, value, timestamp_ms)
            write = points.spool.write
            if timestamp_ms < points.spool.mark_ms and points.mark[0]:
                write(cell)

        The last two lines belong together: nothing can fork between them. Where
        any of it raises, or the condition fails, nothing is written: then here.
        """
        word = self.words.get(key)
        if word is None:
            word = self._series.word_of(key)
        self._series.write(POINT.pack(word, step, value, timestamp_ms), timestamp_ms)

    def log_metrics(self, metrics: Mapping[str, float], step: int, timestamp_ms: int) -> None:
        """Log one point per key, in one piece (of up to WRITE_MAX_CELLS points)."""
        if not metrics:
            return
        keys = tuple(metrics)
        template = self._templates.get(keys) or self._template(keys)
        cells = bytearray(template)
        view = memoryview(cells)
        count = len(keys)
        integers = view.cast("q")
        integers[1::4] = memoryview(array("q", (step,)) * count)
        integers[3::4] = memoryview(array("q", (timestamp_ms,)) * count)
        view.cast("d")[2::4] = memoryview(array("d", metrics.values()))
        spool = self.spool
        try:
            # One step, as in `log_metric`.
            if timestamp_ms and timestamp_ms < spool.mark_ms and self.mark[0]:
                spool.write(cells)
                return
        except ValueError:
            pass
        self._series.write(cells, timestamp_ms)

    def log_series(self, series_index: int, value: float, step: int, timestamp_ms: int) -> None:
        """Log one point of a series that `index_of` has given."""
        word = series_word(self.run_index, series_index)
        self._series.write(POINT.pack(word, step, value, timestamp_ms), timestamp_ms)

    def log_columns(
        self, key: str, of: tuple[str, str, str], columns: tuple[Column, Column, Column]
    ) -> None:
        """Log many points of one series.

        of: model id, dataset name, dataset digest.
        columns: steps ("q"), times in ms ("q", none of them 0) and values ("d"), equally long.
        """
        word = self._series.word_of(key, of)
        steps, times, values = (memoryview(column) for column in columns)
        for start in range(0, len(steps), COLUMN_PIECE_CELLS):
            piece = slice(start, start + COLUMN_PIECE_CELLS)
            count = len(steps[piece])
            cells = bytearray(count * CELL_BYTES)
            view = memoryview(cells)
            view.cast("Q")[0::4] = memoryview(array("Q", (word,)) * count)
            integers = view.cast("q")
            integers[1::4] = steps[piece]
            integers[3::4] = times[piece]
            view.cast("d")[2::4] = values[piece]
            # The time of the call: old points look after the agent too.
            self._series.write(cells, time.time_ns() // 1_000_000)

    def index_of(
        self, key: str, model_id: str = "", dataset_name: str = "", dataset_digest: str = ""
    ) -> int:
        """The index of a series, made known at its first use.

        A signal handler that comes in between may define the same series too:
        both indexes then mean it.
        """
        return self._series.word_of(key, (model_id, dataset_name, dataset_digest)) >> 32

    def _template(self, keys: tuple[str, ...]) -> bytes:
        words = [self._series.word_of(key) for key in keys]
        cells = b"".join(POINT.pack(word, 0, 0.0, 1) for word in words)
        if len(self._templates) >= TEMPLATES_MAX:
            self._templates.clear()
        self._templates[keys] = cells
        return cells
