"""Two import rules that import-linter does not bring: an import list that is closed, and names that are refused."""

from __future__ import annotations

import sys
from typing import Any, cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


def _within(module: str, pattern: str) -> bool:
    """Whether `module` is `pattern` or lies below it; `x.*` means strictly below `x`, and `*` means anything."""
    if pattern == "*":
        return True
    if pattern.endswith(".*"):
        return module.startswith(pattern[:-1])
    return module == pattern or module.startswith(f"{pattern}.")


class OnlyContract(Contract):  # type: ignore[misc]  # import-linter's own base is untyped
    """The `modules` and all below import themselves, the standard library and `allowed`, and nothing in `refused`."""

    type_name = "only"

    modules = fields.SetField(subfield=fields.StringField())
    allowed = fields.SetField(subfield=fields.StringField())
    refused = fields.SetField(subfield=fields.StringField(), required=False, default=set())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look at every direct import of the guarded modules."""
        guarded = cast("set[str]", self.modules)
        broken = sorted(
            f"{importer} -> {imported}"
            for importer in graph.modules
            if any(_within(importer, pattern) for pattern in guarded)
            for imported in graph.find_modules_directly_imported_by(importer)
            if not self._permits(imported)
        )
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def _permits(self, imported: str) -> bool:
        own, allowed, refused = (
            cast("set[str]", each) for each in (self.modules, self.allowed, self.refused)
        )
        if any(_within(imported, pattern) for pattern in refused):
            return False
        return imported.partition(".")[0] in sys.stdlib_module_names or any(
            _within(imported, pattern) for pattern in (*own, *allowed)
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import that the list does not hold."""
        _render(check.metadata, "is not on the list of allowed imports")


class RefusedNamesContract(Contract):  # type: ignore[misc]  # import-linter's own base is untyped
    """No module or package bears one of the `names`: a thing lives where it is needed, under its own name."""

    type_name = "refused_names"

    names = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look at the last part of every module's name."""
        refused = cast("set[str]", self.names)
        broken = sorted(name for name in graph.modules if name.rpartition(".")[2].strip("_") in refused)
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each module that needs a better name."""
        _render(check.metadata, "is a refused name")


def _render(metadata: dict[str, Any], why: str) -> None:
    for line in metadata["broken"]:
        output.print_error(f"{line} {why}", bold=False)
        output.new_line()
