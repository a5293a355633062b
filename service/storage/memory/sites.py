"""The double's sites, policies and keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from service.domain.policy import Policy
from service.ports import Site
from service.storage.memory.state import ApiKey, Part


class SitesPart(Part):
    """The verbs about sites and keys."""

    def add_site(self, site: Site) -> Site:
        if self.site(site.name):
            raise ValueError("a site of this name exists")
        state = self._change()
        made = replace(site, id=state.next("site"))
        state.sites[made.id] = made
        state.counters[made.id] = 0
        self._keep_policy(made)
        return made

    def save_site(self, site: Site) -> None:
        self._keep_policy(site)
        if site.id in self._change().sites:
            self._state.sites[site.id] = site

    def _keep_policy(self, site: Site) -> None:
        kept = self._change().policies.setdefault((site.id, site.policy.version), site.policy)
        if kept != site.policy:
            raise ValueError(
                f"policy version {site.policy.version} is kept with other terms; give it a new one"
            )

    def site(self, name: str) -> Site | None:
        return next((site for site in self._state.sites.values() if site.name == name), None)

    def site_by_id(self, site_id: int) -> Site | None:
        return self._state.sites.get(site_id)

    def sites(self) -> list[Site]:
        return sorted(self._state.sites.values(), key=lambda site: site.name)

    def policy(self, site_id: int, version: int) -> Policy | None:
        return self._state.policies.get((site_id, version))

    def add_key(self, site_id: int, fingerprint: str, kind: str, now: datetime) -> None:  # noqa: ARG002 - kept by tables
        if fingerprint in self._state.api_keys:
            raise ValueError("a key with this fingerprint exists")
        self._change().api_keys[fingerprint] = ApiKey(site_id, kind)

    def retire_keys(self, site_id: int, kind: str, expires_at: datetime) -> None:
        keys = self._change().api_keys
        for fingerprint, key in keys.items():
            still_good = key.expires_at is None or key.expires_at > expires_at
            if (key.site_id, key.kind) == (site_id, kind) and still_good:
                keys[fingerprint] = replace(key, expires_at=expires_at)

    def key_owner(self, fingerprint: str, now: datetime) -> tuple[Site, str] | None:
        key = self._state.api_keys.get(fingerprint)
        if key is None or (key.expires_at is not None and key.expires_at <= now):
            return None
        return self._state.sites[key.site_id], key.kind
