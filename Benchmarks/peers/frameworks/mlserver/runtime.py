"""The scoring call as a custom handler of an MLServer runtime, in the server's own process (parallel_workers 0).

MLServer's adaptive batching and its cache serve requests of the Open Inference Protocol only: neither has a part here.
"""
from fastapi import Request, Response
from mlserver import MLModel
from mlserver.handlers import custom_handler
from pydantic import ValidationError
from scoring import BATCH, Query, Scorer, failures


class Housing(MLModel):
    async def load(self):
        self.scorer, self.stores = Scorer("mlserver"), set()
        return True

    @custom_handler(rest_path="/predict")
    async def score(self, request: Request) -> Response:
        try:
            query = Query(BATCH.validate_json(await request.body()))
        except ValidationError as error:
            return Response(failures(error), 422, media_type="application/json")
        body = await self.scorer.score(query, self.stores)
        return Response(body, media_type="application/json", headers={"X-Cache": query.cache})
