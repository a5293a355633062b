"""What the verbs need of the world: each port is a promise that the real thing and its shipped double both keep."""

from service.ports.names import DELIVER, DEPART, KEPT_FOR_GOOD, SCORE, SWEEP
from service.ports.records import (
    Backlog,
    Concealed,
    Finished,
    Key,
    Label,
    Moderator,
    Move,
    Page,
    Placed,
    Site,
    SiteQueue,
    Submission,
)
from service.ports.tx import Tx
from service.ports.world import Bell, Clock, House, Reading, Scorer, Sealer, Signer, Store

__all__ = [
    "DELIVER",
    "DEPART",
    "KEPT_FOR_GOOD",
    "SCORE",
    "SWEEP",
    "Backlog",
    "Bell",
    "Clock",
    "Concealed",
    "Finished",
    "House",
    "Key",
    "Label",
    "Moderator",
    "Move",
    "Page",
    "Placed",
    "Reading",
    "Scorer",
    "Sealer",
    "Signer",
    "Site",
    "SiteQueue",
    "Store",
    "Submission",
    "Tx",
]
