"""The double's log of human acts: the same chain, in a list."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from service.domain.chain import GENESIS, SALT_BYTES, Act, Head, Link, forge, forge_head
from service.storage.memory.state import Part


class ActsPart(Part):
    """The verbs about the chain of human acts."""

    def log_act(self, who: str, act: str, subject: str, now: datetime) -> None:
        self.log_acts([Act(who, act, subject, now)])

    def log_acts(self, acts: Sequence[Act]) -> None:
        state = self._change()
        for act in acts:
            previous = state.acts[-1].link if state.acts else GENESIS
            salt = secrets.token_hex(SALT_BYTES)
            state.acts.append(forge(previous, len(state.acts) + 1, act, salt, self._signer))
        if acts:
            state.act_heads[:] = [forge_head(state.acts[-1], self._signer)]

    def acts_after(self, number: int, limit: int) -> list[Link]:
        return self._state.acts[number : number + limit]

    def act_head(self) -> Head | None:
        return self._state.act_heads[0] if self._state.act_heads else None

    def blank_acts(self, who: str) -> int:
        links = self._change().acts
        mine = [place for place, link in enumerate(links) if link.act is not None and link.act.who == who]
        for place in mine:
            links[place] = replace(links[place], act=None, salt=None)
        return len(mine)
