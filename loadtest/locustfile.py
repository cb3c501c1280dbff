"""The cache-rate scenario for Locust: in one process, on a master with workers, with or without the web page, and on
Azure Load Testing. README.md lists the variables; SHAPE=saturation searches for saturation instead.
"""

import os
import sys

import gevent
import settings as scenario_settings
from calls import Caller, Share
from counters import source
from locust import constant, events, runners, task
from locust.contrib.fasthttp import FastHttpUser
from locust.exception import StopUser
from locust.user.task import LOCUST_STATE_STOPPING
from locust_run import Run

SHAPE = os.environ.get("SHAPE", "")
SATURATION = SHAPE == "saturation"
# In the saturation search, users send requests without a pause, like the threads of a throughput tool.
FALLBACKS = {"NAME": "saturation", "THINK_TIME_MS": 0} if SATURATION else {"NAME": "locust", "THINK_TIME_MS": 1500}


def refuse(error):
    print(f"locustfile.py: {error}", file=sys.stderr)
    sys.exit(scenario_settings.USAGE_EXIT_CODE)


try:
    if SHAPE and not SATURATION:
        raise scenario_settings.SettingsError(f"SHAPE={SHAPE} is not allowed: use saturation, or nothing")
    settings = scenario_settings.read(USERS=200, **FALLBACKS)
    source(settings.replicas, settings.target)
    if SATURATION:
        from saturation import Saturation  # noqa: F401 (Locust takes the shape from this module)
except scenario_settings.SettingsError as error:
    refuse(error)


@events.init_command_line_parser.add_listener
def set_defaults(parser):
    """The defaults: 200 users, 10 more a second, for a minute. Command line, environment and web page override them."""
    if not SATURATION:
        parser.set_defaults(num_users=settings.users, spawn_rate=10, run_time="60s")


@events.init.add_listener
def prepare(environment, runner, **_):
    # A stopped user first finishes its request: if a request were cut off, its outcome on the server would be unknown.
    needed = settings.timeout_seconds + settings.think_seconds + 1
    environment.stop_timeout = max(environment.stop_timeout or 0, needed)
    # Locust's --run-time uses gevent's clock, which did not advance while modules were loading.
    gevent.get_hub().loop.update_now()
    Share(environment, settings)
    if not isinstance(runner, runners.WorkerRunner):
        try:
            Run(environment, settings, SATURATION)
        except scenario_settings.SettingsError as error:
            refuse(error)


class HouseBuyer(FastHttpUser):
    host = settings.target
    wait_time = constant(settings.think_seconds)
    connection_timeout = network_timeout = settings.timeout_seconds
    max_redirects = 0

    def stop(self, force=False):
        """Lets a pausing user finish its pause: Locust's kill may arrive after it has begun its next request."""
        if force or self._state is None:
            return super().stop(force)
        self._state = LOCUST_STATE_STOPPING
        return False

    def on_start(self):
        self.caller = Caller(self.client, settings, self.environment.share)

    @task
    def predict(self):
        if not self.caller.call():
            raise StopUser
