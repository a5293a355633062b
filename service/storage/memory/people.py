"""The double's moderators, sign-in links, sessions and failures."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from service.ports import KEPT_FOR_GOOD, Moderator
from service.storage.memory.state import Part, Pass


class PeoplePart(Part):
    """The verbs about the people on the desk."""

    def add_moderator(self, name: str, role: str, now: datetime) -> Moderator:  # noqa: ARG002 - kept by tables
        if self.moderator(name):
            raise ValueError("a moderator of this name exists")
        state = self._change()
        made = Moderator(state.next("moderator"), name, role)
        state.moderators[made.id] = made
        return made

    def moderator(self, name: str) -> Moderator | None:
        return next((one for one in self._state.moderators.values() if one.name == name), None)

    def moderators(self) -> list[Moderator]:
        return sorted(self._state.moderators.values(), key=lambda moderator: moderator.name)

    def add_sign_in(self, moderator_id: int, token_hash: str, expires_at: datetime) -> None:
        self._change().sign_ins[token_hash] = Pass(moderator_id, expires_at)

    def use_sign_in(self, token_hash: str, now: datetime) -> Moderator | None:
        link = self._change().sign_ins.get(token_hash)
        moderator = self._holder(link, now)
        if link is None or moderator is None or link.used:
            return None
        self._state.sign_ins[token_hash] = replace(link, used=True)
        return moderator

    def add_session(self, moderator_id: int, token_hash: str, expires_at: datetime) -> None:
        self._change().sessions[token_hash] = Pass(moderator_id, expires_at)

    def session(self, token_hash: str, now: datetime) -> Moderator | None:
        return self._holder(self._state.sessions.get(token_hash), now)

    def _holder(self, given: Pass | None, now: datetime) -> Moderator | None:
        if given is None or given.expires_at <= now:
            return None
        moderator = self._state.moderators[given.moderator_id]
        return moderator if moderator.active else None

    def end_session(self, token_hash: str) -> None:
        self._change().sessions.pop(token_hash, None)

    def prune(self, now: datetime, keys_before: datetime, limit: int = 1_000) -> int:
        state = self._change()
        links = [token for token, link in state.sign_ins.items() if link.expires_at <= now][:limit]
        sessions = [token for token, session in state.sessions.items() if session.expires_at <= now][:limit]
        keys = [
            (site_id, key)
            for (site_id, key), used_at in state.keys_at.items()
            if used_at < keys_before and not key.startswith(KEPT_FOR_GOOD)
        ][:limit]
        for token in links:
            del state.sign_ins[token]
        for token in sessions:
            del state.sessions[token]
        for key in keys:
            del state.keys[key], state.keys_at[key]
        return len(links) + len(sessions) + len(keys)

    def set_moderator(self, moderator_id: int, role: str, active: bool) -> None:
        state = self._change()
        state.moderators[moderator_id] = replace(state.moderators[moderator_id], role=role, active=active)
        if not active:
            for given in (state.sessions, state.sign_ins):
                for token in [token for token, one in given.items() if one.moderator_id == moderator_id]:
                    del given[token]

    def count_sign_in_failure(self, network: str, now: datetime, since: datetime) -> int:
        failures = self._change().sign_in_failures
        for one in [one for one, (_, began) in failures.items() if began <= since]:
            del failures[one]
        count, began = failures.get(network, (0, now))
        failures[network] = (count + 1, began)
        return count + 1

    def sign_in_failures(self, network: str, since: datetime) -> int:
        count, began = self._state.sign_in_failures.get(network, (0, since))
        return count if began > since else 0
