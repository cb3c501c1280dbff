"""A run as seen by the master, or the only process: warm-up, orders to the workers, results, files and the proof."""

import time
from importlib.metadata import version

import gevent
from calls import MOST_TIMINGS, PROGRESS_SECONDS
from census import Census
from counters import CountersError, redis_of, source, timestamp
from csv_files import CsvFiles
from gevent.event import Event
from latencies import Latencies
from locust import runners
from records import new_nonce
from run_file import run_entry, write
from schedule import planned_hot
from settings import SettingsError, make_room
from target import prepare
from verdict import Tally, none_yet
from warm_up import warm_up


class Run:
    def __init__(self, environment, settings, saturation):
        self.environment, self.saturation = environment, saturation
        self.settings = settings
        self.orders, self.results, self.latest, self.done = {}, {}, {}, set()
        self.all_results = Event()
        self.active = False
        make_room(settings.folder)
        environment.run = self
        environment.events.test_start.add_listener(self.start)
        environment.events.test_stop.add_listener(self.stop)
        environment.events.quitting.add_listener(self.quit)
        if isinstance(environment.runner, runners.MasterRunner):
            register = environment.runner.register_message
            register("progress", lambda msg, **_: self.take_progress(msg.data))
            register("results", lambda msg, **_: self.take_results(msg.data))
            register("done", lambda msg, **_: self.share_is_done(**msg.data))

    @property
    def distributed(self):
        return isinstance(self.environment.runner, runners.MasterRunner)

    def start(self, **_):
        """Warms up, reads the counters and sends every worker its order. Users are spawned after this."""
        self.orders, self.results, self.latest, self.done, self.active = {}, {}, {}, set(), True
        self.all_results.clear()
        self.warm, self.nonce, self.saturated = none_yet(), new_nonce(), None
        target = (self.environment.host or self.settings.target).rstrip("/")
        self.files = CsvFiles(self.settings, self.saturation)
        self.census, self.fault, self.version = Census(None), None, None
        self.target, self.started, self.began = target, timestamp(), time.monotonic()
        try:
            make_room(self.settings.folder, self.settings.file("run.json").name)
            self.census = Census(source(self.settings.replicas, target), redis_of(self.settings))
            self.version = prepare(self.settings, target)
            self.census.begin()
            warm_up(self.settings, target, self.nonce, self.warm)
        except (SettingsError, CountersError, OSError) as error:
            self.fault = str(error)
            gevent.spawn(self.end)
            return
        if not self.active:
            return
        self.census.watch()
        self.started, self.began = timestamp(), time.monotonic()
        runner = self.environment.runner
        clients = [each.id for each in runner.clients.ready] if self.distributed else ["local"]
        self.orders = {
            client: {"nonce": self.nonce, "worker": number, "workers": len(clients)}
            for number, client in enumerate(clients)
        }
        for client, order in self.orders.items():
            if self.distributed:
                runner.send_message("begin", order, client_id=client)
            else:
                self.environment.share.begin(order)
        if not self.distributed:
            gevent.spawn(self.look_at_share)

    def look_at_share(self):
        nonce = self.nonce
        while self.active and nonce == self.nonce:
            self.take_progress(self.environment.share.progress())
            gevent.sleep(PROGRESS_SECONDS)

    def take_progress(self, progress):
        if progress["nonce"] != self.nonce or not self.active:
            return
        self.files.timings(progress.pop("timings"))
        self.latest[progress["worker"]] = progress
        self.files.scaling(self.environment.runner.user_count)

    def take_results(self, results):
        if results["nonce"] == self.nonce:
            self.take_progress(results.pop("progress"))
            self.results[results["worker"]] = results
            if len(self.results) == len(self.orders):
                self.all_results.set()

    def share_is_done(self, worker, nonce):
        if nonce == self.nonce:
            self.done.add(worker)
        if self.active and len(self.done) == len(self.orders):
            gevent.spawn(self.end)

    def end(self):
        """Ends the run and, without a web page, the program too."""
        runner = self.environment.runner
        if self.environment.parsed_options.headless:
            runner.quit()
        else:
            runner.stop()

    def quit(self, **_):
        """On SIGTERM the run ends like any other, with its proof."""
        if self.active:
            self.environment.runner.quit()

    def gather(self):
        """Every worker's results; stops the workers that are still running."""
        if self.distributed:
            for client in self.orders:
                self.environment.runner.send_message("finish", None, client_id=client)
            deadline = time.monotonic() + self.environment.stop_timeout + 15
            while self.orders and time.monotonic() < deadline and not self.all_results.wait(0.5):
                if all(self.is_lost(client) for client, order in self.orders.items() if self.is_awaited(order)):
                    break
        elif self.orders:
            self.take_results(self.environment.share.results())

    def is_awaited(self, order):
        return order["worker"] not in self.results

    def is_lost(self, client):
        """Whether a worker is known to send nothing more, so that the master need not wait for it."""
        known = self.environment.runner.clients.get(client)
        return known is None or known.state == runners.STATE_MISSING

    def tally(self):
        rate = self.settings.cache_rate
        found = list(self.results.values())
        tally = Tally(warm=self.warm, cpu_limit=self.settings.cpu_limit, issued=sum(each["issued"] for each in found))
        tally.planned_hot = planned_hot(rate, [each["issued"] for each in found])
        for plan in ("hot", "cold"):
            calls = getattr(tally, plan)
            for each in found:
                for outcome, count in each[plan].items():
                    calls[outcome] += count
        tally.client_cpu = max((each["cpu"] for each in found if each["cpu"] is not None), default=None)
        tally.evicted = self.census.evicted()
        broken = [*self.broken_workers()]
        if not self.orders:
            broken = [self.fault or "the run was ended before its first request, during the check or the warm-up"]
        tally.incomparable = [("tool_failed", text) for text in broken]
        tally.faults = [text for text in (self.fault, self.files.fault) if text]
        return tally

    def broken_workers(self):
        """Workers whose requests are unknown or do not follow the master's plan."""
        missing = len(self.orders) - len(self.results)
        if missing:
            yield f"{missing} of {len(self.orders)} workers sent no results, so their requests are unknown"
        plan = self.settings.plan()
        for number, each in sorted(self.results.items()):
            for name, value in plan.items():
                if each["plan"][name] != value:
                    yield f"worker {number} ran with {name}={each['plan'][name]}, the master with {name}={value}"

    def stop(self, **_):
        """Ends the run with its proof."""
        if not self.active:
            return
        seconds = time.monotonic() - self.began
        self.gather()
        self.active = False
        ended = timestamp()
        if self.orders:
            self.census.end()
        found = list(self.results.values())
        latency, sums = {}, {}
        for phase in ("peak", "sustained"):
            sums[phase] = sum((Latencies(each[phase]) for each in found), Latencies())
            latency[phase] = sums[phase].percentiles()
        self.files.close()
        tally = self.tally()
        hold = max((each["sustained_seconds"] for each in found), default=0)
        answered = sum(tally.both(outcome) for outcome in ("hit", "miss", "bypass"))
        rate = {
            "offered": None,
            "achieved": answered / seconds if seconds else 0,
            "sustained": sums["sustained"].total() / hold if hold and not self.settings.calls else None,
        }
        times, tool = (self.started, ended), ("locust", version("locust"))
        entry = run_entry(self.settings, tool, times, tally, self.census, latency, rate, self.version)
        entry |= {"target": self.target, "users": self.files.most_users}
        if self.saturated:
            entry["saturation"] = self.saturated
        if lost := sum(each["lost_timings"] for each in found):
            print(f"{lost} requests are missing in {self.settings.name}.timing.csv: more than {MOST_TIMINGS} at once")
        try:
            self.environment.process_exit_code = write(entry, self.settings)
        except OSError as error:
            print(f"locustfile.py: {error}", flush=True)
            self.environment.process_exit_code = 1
