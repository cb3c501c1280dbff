"""The scoring call as a BentoML service.

Its adaptive batching merges the records of several requests before they get here, so that no request would have a key
of its own: it is not used.
"""
import bentoml
from scoring import Batch, Query, Scorer
from starlette.responses import Response


@bentoml.service(traffic={"timeout": 30, "concurrency": 1024}, metrics={"enabled": False},
    logging={"access": {"enabled": False}})
class Predictor:
    def __init__(self):
        self.scorer, self.stores = Scorer("bentoml"), set()

    @bentoml.api(route="/predict")
    async def predict(self, batch: Batch, /):
        query = Query(batch)
        body = await self.scorer.score(query, self.stores)
        return Response(body, media_type="application/json", headers={"X-Cache": query.cache})
