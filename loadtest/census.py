"""What the servers counted: which replicas there were, and the first and last raw sample of each one's counters."""

import threading
from dataclasses import dataclass, field
from typing import Any

from counters import CountersError, RedisInformation

# Instance changes kept for one address: enough to see that several servers share it.
MOST_CHANGES = 50


@dataclass
class Replica:
    instance: str
    url: str
    first: dict | None
    last: dict | None = None

    def delta(self, name):
        """Last minus first; a replica that joined after the start began at zero."""
        if self.last is None or self.last[name] is None:
            return None
        return self.last[name] - (self.first[name] if self.first else 0)


@dataclass
class Census:
    """All replicas that were seen from the start of a run to its end, by instance."""

    source: Any
    # Where evictions are read; None if no Redis was configured.
    redis: RedisInformation | None = None
    replicas: dict = field(default_factory=dict)
    # By address: the instances that responded there, in order.
    answered: dict = field(default_factory=dict)
    evicted_before: tuple | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    watcher: threading.Thread | None = None

    def samples(self):
        for url, text in self.source.read():
            try:
                instance, sample = self.source.parse(text)
            except (ValueError, KeyError):
                continue
            order = self.answered.setdefault(url, [])
            if order[-1:] != [instance] and len(order) < MOST_CHANGES:
                order.append(instance)
            yield instance, url, sample

    def begin(self):
        for instance, url, sample in self.samples():
            self.replicas.setdefault(instance, Replica(instance, url, sample))
        self.evicted_before = self.redis and self.redis.evictions()

    def evicted(self):
        """How many entries Redis has evicted since `begin`; None if unknown."""
        now = self.redis and self.redis.evictions()
        if not now or not self.evicted_before:
            return None
        # A restarted Redis counts from zero.
        return now[1] - (self.evicted_before[1] if now[0] == self.evicted_before[0] else 0)

    def shared(self):
        """Instances by address, where several share one: the earlier one responded again, so it had not restarted."""
        return {url: set(order) for url, order in self.answered.items() if len(order) > len(set(order))}

    def look(self):
        """Records the replicas that have joined since the start."""
        for instance, url, _ in self.samples():
            self.replicas.setdefault(instance, Replica(instance, url, None))

    def watch(self, seconds=5):
        """Keeps looking until `end`, so that a replica that appears and disappears during the run is noticed."""

        def loop():
            while not self.stopped.wait(seconds):
                try:
                    self.look()
                except (CountersError, OSError):
                    continue

        self.watcher = threading.Thread(target=loop, daemon=True)
        self.watcher.start()

    def end(self):
        self.stopped.set()
        if self.watcher:
            self.watcher.join()
        for instance, url, sample in self.samples():
            self.replicas.setdefault(instance, Replica(instance, url, None)).last = sample

    def vanished(self):
        shared = self.shared()
        return [replica for replica in self.replicas.values() if replica.last is None and replica.url not in shared]

    def total(self, name):
        """The sum of all replicas' differences; None if any of them does not count this."""
        deltas = [replica.delta(name) for replica in self.replicas.values() if replica.last is not None]
        return None if None in deltas else sum(deltas)

    def rows(self):
        """In the format of run.schema.json."""
        names = {"hits": "hit", "misses": "miss", "bypasses": "bypass", "refused": "refused"}
        return [
            {"instance": replica.instance, "url": replica.url, "first": replica.first, "last": replica.last}
            | {key: replica.delta(name) for key, name in names.items()}
            for replica in self.replicas.values()
        ]
