"""Counters that several processes keep in one home: the sums are whole, the dead say nothing of the present."""

import socket
import subprocess
import sys
import urllib.request

from prometheus_client import generate_latest

from service.observability.counters import FILE_BYTES, home_registry, take_slot
from worker.metrics import listen

COUNT = """
import sys
from pathlib import Path
from service.observability.counters import share
assert share(Path(sys.argv[1]))
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
own = CollectorRegistry()
Counter("bridges", "Bridges built.", ["kind"], registry=own).labels("stone").inc(int(sys.argv[2]))
Histogram("span_metres", "Spans.", buckets=(10, 20), registry=own).observe(15)
gauge = Gauge("cranes", "Cranes up.", registry=own, multiprocess_mode="livesum")
gauge.inc()
print("up", flush=True)
sys.stdin.read(1)
"""


def counting(home, number):
    command = [sys.executable, "-c", COUNT, str(home), str(number)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    return process


def end(process):
    process.kill()
    process.communicate()


def sample(registry, line):
    found = [one for one in generate_latest(registry).decode().splitlines() if one.startswith(f"{line} ")]
    return float(found[0].rpartition(" ")[2]) if found else None


def test_two_processes_tell_one_sum_and_successors_count_on(tmp_path):
    first, second = counting(tmp_path, 3), counting(tmp_path, 4)
    folder = tmp_path / "run" / "meters"
    try:
        told = home_registry(tmp_path)
        assert sample(told, 'bridges_total{kind="stone"}') == 7
        assert sample(told, 'span_metres_bucket{le="20.0"}') == 2
        assert sample(told, "cranes") == 2
        end(second)
        told = home_registry(tmp_path)
        assert (sample(told, 'bridges_total{kind="stone"}'), sample(told, "cranes")) == (7, 1)
        files = {path.name for path in folder.iterdir()}
        end(counting(tmp_path, 5))
        assert sample(home_registry(tmp_path), 'bridges_total{kind="stone"}') == 12
        assert files <= {path.name for path in folder.iterdir()}
        assert len(files) <= 8 + 2
    finally:
        end(first)
        end(second)


def test_files_are_taken_whole_and_torn_ones_begin_anew(tmp_path):
    folder = tmp_path / "run" / "meters"
    folder.mkdir(parents=True)
    torn = folder / "counter_0.db"
    assert generate_latest(home_registry(tmp_path)) == b""
    torn.write_bytes(b"\x30\x00\x00\x00" + b"\xff" * 100)
    assert [take_slot(folder), take_slot(folder)] == ["0", "1"]
    assert torn.stat().st_size == torn.stat().st_blocks * 512 == FILE_BYTES
    assert generate_latest(home_registry(tmp_path)) == b""


def test_a_home_that_cannot_be_written_costs_the_sums_alone(tmp_path):
    blocked = tmp_path / "home"
    blocked.write_text("a file")
    check = "import sys, pathlib; from service.observability.counters import share; "
    check += "print(share(pathlib.Path(sys.argv[1])))"
    command = [sys.executable, "-c", check, str(blocked)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_a_worker_tells_what_its_home_counted(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = counting(tmp_path, 3)
    server, thread = listen(port, tmp_path)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            assert b'bridges_total{kind="stone"} 3.0' in answer.read()
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
        end(process)
