"""One process's way to one server: cuts, one after the other.

States of a cut: *prepared* (its events are gathered, nothing is written),
*recorded* (numbers, checksums and range stand in the journal; from here on the
same bytes are sent until the server has answered for each batch), *accepted*.
The next cut is prepared while one is on its way. All of it runs on the agent's
main thread; a sender's answer comes back through the loop.
"""

from __future__ import annotations

import random
import zlib
from dataclasses import replace

from runstream.agent import records, sends
from runstream.agent.answer import RESOURCE_EXHAUSTED
from runstream.agent.batch import RunContent
from runstream.agent.cut import Cursor, CutPolicy, Range, pending_bytes
from runstream.agent.definitions import Stream
from runstream.agent.flight import (
    Flight,
    Prepared,
    Shipment,
    refuse_too_long,
    sealed,
    shipment,
    too_long,
)
from runstream.agent.limits import BATCH_MAX_BYTES, CUT_TARGET_BYTES
from runstream.agent.open_runs import OpenRuns
from runstream.agent.outcome import Accepted, Failed, Outcome, Refused
from runstream.agent.records import Cut, Record
from runstream.agent.refusal import Plan, refused_originals, revise
from runstream.agent.retry import RetryPolicy
from runstream.agent.sends import Planner, Send
from runstream.agent.workshop import OnOutcome, Route, Workshop
from runstream.v1 import tracking_pb2


class Lane:
    """See the module. `poll` as often as you like; it never blocks on a server.

    Raises OSError (the journal cannot be written) and BookError (the spool is
    damaged); after an OSError the same call may be repeated.
    """

    def __init__(self, tracking_uri: str, workshop: Workshop, route: Route) -> None:
        self.tracking_uri = tracking_uri
        self._workshop = workshop
        self._route = route
        self._policy = CutPolicy()
        self._retry = RetryPolicy()
        self._prepared: Prepared | None = None
        self._flight: Flight | None = None
        self._waiting_since: float | None = None
        self._nudged = False
        self.closed = False
        # What the server said when it took nothing; empty: it does.
        self.held = ""
        self._open_runs = OpenRuns(tracking_uri)

    @property
    def accepted(self) -> Cursor:
        """Up to here everything of this lane is in the log."""
        return self._workshop.ledger.lanes[self.tracking_uri].accepted

    @property
    def idle(self) -> bool:
        """Nothing recorded or prepared, nothing visible that was not looked at."""
        return (
            self._flight is None
            and self._prepared is None
            and not self._nudged
            and self.accepted == self._workshop.visible()
        )

    def recover(self) -> bool:
        """Build a recorded cut again; False when its bytes are not what was recorded."""
        cut = self._workshop.ledger.lanes[self.tracking_uri].cut
        if cut is None:
            return True
        contents = self._workshop.gather(self.tracking_uri, cut.chosen)
        shipments = [shipment(self._workshop.ledger, send, contents) for send in cut.sends]
        if any(zlib.crc32(s.payload) != s.send.crc32 for s in shipments):
            return False
        self._flight = Flight(cut, contents, shipments)
        self._route.hold(self._flight.size_bytes)
        refuse_too_long(self._flight)
        return True

    def nudge(self) -> None:
        """There may be something to say beside what is in the spool (an artifact is stored)."""
        self._nudged = True

    def close(self) -> None:
        """Forget everything that is not recorded; nothing is sent any more."""
        self.closed = True
        self.drop()

    def drop(self) -> None:
        """Forget the cut; late answers for it change nothing."""
        if self._flight is not None:
            self._route.hold(-self._flight.size_bytes)
        self._flight = self._prepared = None

    def poll(self, now: float, urgent: bool) -> bool:
        """Move on where that is possible; whether anything moved."""
        moved = self._finish()
        if self._flight is None and self._prepared is None:
            self._prepare(now, urgent)
        if self._flight is None and self._prepared is not None:
            self._take_off(self._prepared)
            moved = True
        if self._flight is not None:
            moved |= self._dispatch(self._flight, now)
            if self._prepared is None and self._route.room():
                self._prepare(now, urgent)
        return moved

    def _start(self) -> Cursor:
        return self._flight.cut.chosen.stop if self._flight else self.accepted

    def _prepare(self, now: float, urgent: bool) -> None:
        start, visible = self._start(), self._workshop.visible()
        size = pending_bytes(start, visible)
        if size <= 0 or start == visible:
            self._waiting_since = None
            if self._nudged and self._flight is None:
                self._prepared = Prepared(Range(start, start), {})
            return
        if self._waiting_since is None:
            self._waiting_since = now
        waited = now - self._waiting_since
        if not self._policy.due(size, waited, urgent or self._nudged) or not self._route.room():
            return
        self._prepared = self._gather(self._workshop.choose(start, CUT_TARGET_BYTES))
        if self._prepared.chosen.stop == visible:
            self._waiting_since = None

    def _gather(self, chosen: Range) -> Prepared:
        return Prepared(chosen, self._workshop.gather(self.tracking_uri, chosen))

    def _take_off(self, prepared: Prepared) -> None:
        cut, shipments = self._plan(prepared)
        budget = CUT_TARGET_BYTES
        while too_long(shipments, BATCH_MAX_BYTES) and budget > 1:
            budget //= 2
            chosen = self._workshop.choose(prepared.chosen.start, budget)
            if chosen == prepared.chosen:
                continue  # one large event is as long in any cut
            self._prepared = prepared = self._gather(chosen)
            cut, shipments = self._plan(prepared)
        self._set_shut_aside(prepared)
        if shipments:
            self._workshop.record(records.cut(self.tracking_uri, cut))
            self._flight = Flight(cut, prepared.contents, shipments)
            self._route.hold(self._flight.size_bytes)
            refuse_too_long(self._flight)
        elif not cut.chosen.empty:
            self._workshop.record(records.advanced(self.tracking_uri, cut.chosen.stop))
            self._workshop.advanced()
        self._open_runs.update(self._workshop.ledger, prepared.contents, cut.sends)
        self._prepared, self._nudged = None, False

    def _plan(self, prepared: Prepared) -> tuple[Cut, list[Shipment]]:
        ledger = self._workshop.ledger
        event_bytes = prepared.chosen.stop.event_bytes
        planner = Planner(
            ledger.book,
            self._workshop.identity(),
            ledger.streams,
            self._workshop.stored,
            event_bytes,
        )
        candidates = self._open_runs.candidates(ledger, event_bytes)
        planned = planner.plan(prepared.contents, candidates)
        shipments = [sealed(ledger, send, prepared.contents) for send in planned]
        recorded = tuple(made.send for made in shipments)
        return Cut(prepared.chosen, recorded, tuple(planner.artifacts)), shipments

    def _stream(self, send: Send) -> Stream:
        return self._workshop.ledger.book.runs[send.run_index].stream

    def _dispatch(self, flight: Flight, now: float) -> bool:
        """Send the first batch of each stream that is not answered for."""
        waiting: dict[Stream, Shipment] = {}
        for made in flight.shipments:
            if not made.done:
                waiting.setdefault(self._stream(made.send), made)
        moved = False
        for made in waiting.values():
            if made.in_air or made.refused or made.retry_at > now or not self._route.ready(now):
                continue
            made.in_air = moved = True
            made.attempts += 1
            self._route.append(made.payload, self._listener(flight, made))
        return moved

    def _listener(self, flight: Flight, made: Shipment) -> OnOutcome:
        def on_outcome(outcome: Outcome, now: float) -> None:
            if self.closed or self._flight is not flight:
                return
            made.in_air = False
            if isinstance(outcome, Accepted):
                made.done, self.held = True, ""
                self._workshop.batch_accepted(made.send, outcome)
            elif isinstance(outcome, Failed):
                self.held = outcome.message if outcome.code == RESOURCE_EXHAUSTED else self.held
                wait = self._retry.wait_seconds(
                    made.attempts, outcome.retry_after_seconds, random.random()
                )
                # Who is away is waited for by the route, for all lanes at once.
                made.retry_at = now if outcome.away else now + wait
            else:
                made.refused = outcome

        return on_outcome

    def _finish(self) -> bool:
        """Record what the answers mean; repeated until the journal has it."""
        flight = self._flight
        if flight is None:
            return False
        for position, made in enumerate(flight.shipments):
            if made.refused is not None:
                self._refused(flight, position, made.refused)
                return True
        if not all(made.done for made in flight.shipments):
            return False
        self._workshop.record(records.accepted(self.tracking_uri))
        self._route.hold(-flight.size_bytes)
        self._flight = None
        self._workshop.cut_accepted(flight.cut)
        return True

    def _refused(self, flight: Flight, position: int, why: Refused) -> None:
        sent = [made.send for made in flight.shipments]
        send = sent[position]
        if send.void:
            self._shut(flight, position, why)
            return
        ledger = self._workshop.ledger
        content = flight.contents.get(send.run_index) or RunContent(send.run_index)
        refused = refused_originals(send, content, why.detail.event_indexes)
        everything = sends.items(send, content)
        events = [everything[index].event for index in refused]
        self._workshop.set_aside(send.run_index, str(send.seq), events, why)
        planned = revise(
            sent, position, refused, Plan(flight.contents, ledger.streams, ledger.book), why.message
        )
        self._replace(flight, planned)

    def _shut(self, flight: Flight, position: int, why: Refused) -> None:
        """Not even a Void is taken: nothing of this stream ever will be."""
        stream = self._stream(flight.shipments[position].send)
        keep = []
        for number, made in enumerate(flight.shipments):
            send = made.send
            if number < position or self._stream(send) != stream:
                keep.append(send)
            elif not send.void:
                content = flight.contents.get(send.run_index) or RunContent(send.run_index)
                events = [item.event for item in sends.kept_content(send, content)]
                self._workshop.set_aside(send.run_index, str(send.seq), events, why)
        self._replace(flight, keep, records.shut(*stream, why.message))

    def _replace(self, flight: Flight, planned: list[Send], *before: Record) -> None:
        same = {s.send: s for s in flight.shipments if s.refused is None}
        shipments = [
            same.get(send) or sealed(self._workshop.ledger, send, flight.contents)
            for send in planned
        ]
        recorded = [made.send for made in shipments]
        self._workshop.record(*before, records.revised(self.tracking_uri, recorded))
        flight.shipments = shipments
        flight.cut = replace(flight.cut, sends=tuple(recorded))

    def _set_shut_aside(self, prepared: Prepared) -> None:
        ledger = self._workshop.ledger
        for run_index, content in prepared.contents.items():
            state = ledger.streams.get(ledger.book.runs[run_index].stream)
            if state is not None and state.shut and content.items:
                start = prepared.chosen.start
                self._workshop.set_aside(
                    run_index,
                    f"{start.cells}-{start.event_bytes}",
                    [item.event for item in content.items],
                    Refused(0, state.shut, tracking_pb2.ErrorDetail()),
                )
