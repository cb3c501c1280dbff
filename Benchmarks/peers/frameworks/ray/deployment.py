"""The scoring call as a Ray Serve deployment; @serve.batch hands over up to 32 requests that wait.

PORT is where it listens on 127.0.0.1, LOOPS how many replicas there are, FOLDER where Ray keeps its files.
"""
import os
import signal

import ray
from pydantic import ValidationError
from ray import serve
from scoring import BATCH, Query, Scorer, failures
from starlette.requests import Request
from starlette.responses import Response

MOST_AT_ONCE = 32
LOOPS = int(os.environ["LOOPS"])


@serve.deployment(num_replicas=LOOPS, max_ongoing_requests=1024, ray_actor_options={"num_cpus": 0})
class Housing:
    def __init__(self):
        self.scorer = Scorer("ray")

    @serve.batch(max_batch_size=MOST_AT_ONCE, batch_wait_timeout_s=0)
    async def score(self, queries: list[Query]) -> list[bytes]:
        return self.scorer.score_all(queries)

    async def __call__(self, request: Request) -> Response:
        if request.url.path != "/predict":
            return Response(b"{}", 200 if request.url.path == "/readyz" else 404, media_type="application/json")
        try:
            query = Query(BATCH.validate_json(await request.body()))
        except ValidationError as error:
            return Response(failures(error), 422, media_type="application/json")
        body = await self.score(query)
        return Response(body, media_type="application/json", headers={"X-Cache": query.cache})


if __name__ == "__main__":
    ended = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ended)
    ray.init(
        address="local", num_cpus=LOOPS, include_dashboard=False, _temp_dir=os.environ["FOLDER"], log_to_driver=False,
        object_store_memory=100 << 20, configure_logging=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(os.environ["PORT"])})
    serve.run(Housing.bind(), route_prefix="/", logging_config={"enable_access_log": False})
    signal.sigwait(ended)
    serve.shutdown()
    ray.shutdown()
