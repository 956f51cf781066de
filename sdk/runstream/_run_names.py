"""Names of runs that were given none: `adjective-noun-number`."""

from __future__ import annotations

import hashlib

_ADJECTIVE_TEXT = (
    "able agile amber ample azure balmy bold brave breezy bright brisk calm candid careful "
    "casual cheery clean clever cosmic crisp curious daring dapper dazzling deft eager early "
    "earnest fair fearless fine fleet fluent frank fresh gentle gifted glad golden graceful "
    "grand handy happy hardy hearty honest humble jolly jovial keen kind lively loyal lucky "
    "lunar mellow merry mighty mindful modest neat nimble noble patient plucky polite proud "
    "quick quiet rapid ready regal robust rustic salty sharp silent sincere smooth snappy "
    "solar solid spry stately steady stellar sunny swift tidy tranquil trusty upbeat valiant "
    "vivid warm wise witty zesty"
)
_NOUN_TEXT = (
    "acorn albatross alder antelope ash aspen badger bear beaver beech birch bison bobcat brook "
    "canyon caribou cedar cliff condor coral cove crane creek cricket curlew cypress deer delta "
    "dolphin dove dune eagle elk elm ember falcon fern finch firefly fjord forest fox gazelle "
    "geyser glacier goose grove gull harbor hare hawk hazel heron hill ibex island jaguar jay "
    "juniper kestrel koala lagoon lake larch lark lemur lynx maple marten meadow mesa moose "
    "moth oak orca osprey otter owl panda pebble pelican pine plover pond puffin quail rain "
    "raven reef ridge river robin salmon sparrow spruce stag stork stream swallow swan tern "
    "thicket trout tundra turtle valley walrus willow wolf wombat wren yak zebra"
)
_ADJECTIVES = tuple(_ADJECTIVE_TEXT.split())
_NOUNS = tuple(_NOUN_TEXT.split())


def random_run_name(run_id: str) -> str:
    """Looks random, but is a pure function of the run id: ranks agree on it."""
    digest = hashlib.sha256(f"name of run {run_id}".encode()).digest()
    pick = [int.from_bytes(digest[i : i + 4], "big") for i in (0, 4, 8)]
    adjective = _ADJECTIVES[pick[0] % len(_ADJECTIVES)]
    noun = _NOUNS[pick[1] % len(_NOUNS)]
    return f"{adjective}-{noun}-{pick[2] % 1000}"
