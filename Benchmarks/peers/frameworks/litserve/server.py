"""The scoring call as a LitServe API: a worker takes up to 32 requests that wait, and does them together.

PORT is where it listens on 127.0.0.1, LOOPS how many workers and front ends there are.
"""
import os

import litserve
from fastapi import HTTPException, Response
from pydantic import ValidationError
from scoring import BATCH, Query, Scorer

MOST_AT_ONCE = 32


class Housing(litserve.LitAPI):
    def setup(self, device):
        self.scorer = Scorer("litserve")

    def decode_request(self, request):
        try:
            return Query(BATCH.validate_python(request))
        except ValidationError as error:
            raise HTTPException(422, error.errors(include_url=False, include_context=False)) from error

    def batch(self, inputs):
        return inputs

    def predict(self, queries):
        return list(zip(queries, self.scorer.score_all(queries)))

    def unbatch(self, output):
        return output

    def encode_response(self, output):
        query, body = output
        return Response(body, media_type="application/json", headers={"X-Cache": query.cache})


if __name__ == "__main__":
    loops = int(os.environ["LOOPS"])
    api = Housing(max_batch_size=MOST_AT_ONCE, batch_timeout=0)
    server = litserve.LitServer(
        api, accelerator="cpu", workers_per_device=loops, healthcheck_path="/readyz", fast_queue=False)
    server.run(
        host="127.0.0.1", port=int(os.environ["PORT"]), num_api_servers=loops, generate_client_file=False,
        log_level="warning", access_log=False)
