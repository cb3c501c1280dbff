"""Counters of a real Redis Cluster."""

import contextlib
import subprocess

import pytest
from census import Census
from counters import RedisInformation, primaries

from testkit.processes import free_port, wait_until
from testkit.redis import RedisServer

NODES = """\
07c3 127.0.0.1:30004@31004,host-4 slave e7d1 0 1426238317239 4 connected
67ed 127.0.0.1:30002@31002,host-2 master - 0 1426238316232 2 connected 5461-10922
292f :30003@31003 myself,master - 0 1426238318243 3 connected 10923-16383 [93-<-e7d1]
6ec2 127.0.0.1:30005@31005 master - 0 1426238316232 5 connected
"""


def test_primaries_that_own_slots_are_found_in_the_list_of_nodes():
    assert primaries(NODES) == [("127.0.0.1", 30002), ("", 30003)]


@pytest.fixture
def cluster(tmp_path):
    with contextlib.ExitStack() as nodes:
        servers = []
        for number in range(3):
            more = ["--cluster-enabled", "yes", "--cluster-config-file", f"{number}.conf"]
            more += ["--cluster-port", str(free_port())]
            servers.append((nodes.enter_context(RedisServer(tmp_path, more=more)), more[-1]))
        addresses = [f"127.0.0.1:{server.port}@{bus}" for server, bus in servers]
        command = ["redis-cli", "--cluster", "create", *addresses, "--cluster-yes"]
        subprocess.run(command, check=True, capture_output=True)
        for server, _ in servers:
            wait_until(lambda: b"cluster_state:ok" in server.ask("CLUSTER", "INFO"), "a cluster that serves")  # noqa: B023
        yield [server for server, _ in servers]


def test_the_counters_of_a_cluster_are_the_sum_over_its_primaries(cluster):
    information = RedisInformation("REPLICAS", cluster[1].url)
    census = Census(information, information)
    census.begin()
    assert len(census.replicas) == 3
    for number in range(60):
        command = ["redis-cli", "-c", "-p", str(cluster[0].port), "GET", f"key {number}"]
        subprocess.run(command, check=True, capture_output=True)
    counted = {url: sample["miss"] for _, url, sample in census.samples()}
    before = sum(replica.first["miss"] for replica in census.replicas.values())
    assert sum(counted.values()) - before == 60
    assert sorted(counted) == sorted(server.url for server in cluster)
    assert all(counted.values())
    assert census.evicted() == 0
    cluster[2].kill()
    assert len(list(census.samples())) == 2
