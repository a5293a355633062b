"""What a figure was measured on, in words."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path


def described() -> str:
    """Return the processors, the system and the Python of this machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    model = platform.processor() or platform.machine()
    known = Path("/proc/cpuinfo")
    if known.exists() and (found := re.search(r"model name\s*:\s*(.+)", known.read_text())):
        model = found.group(1)
    return f"{cores} processors ({model}), {platform.system()}, Python {platform.python_version()}"
