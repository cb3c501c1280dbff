"""The contract's scoring call without a server: the part that the serving frameworks here share.

REDIS_PORT is where the cache is, MODEL_PATH the model file of trainer/, LOG_FILE where the scoring log is appended
(stdout without it), since some frameworks keep their workers' stdout to themselves.
"""
import hashlib
import json
import os
import time
import uuid
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from redis import Redis
from redis import asyncio as redis_asyncio
from redis.exceptions import RedisError
from sklearn.linear_model import LinearRegression

MAX_RECORDS = 1000
LISTED_FAILURES = 100
TTL_SECONDS = 3600
DEADLINE_SECONDS = 1
CONNECTIONS = 1024

NotNegative = Annotated[float, Field(ge=0)]


class UserIn(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)

    MedInc: NotNegative
    HouseAge: NotNegative
    AveRooms: NotNegative
    AveBedrms: NotNegative
    Population: NotNegative
    AveOccup: NotNegative
    Latitude: Annotated[float, Field(ge=-90, le=90)]
    Longitude: Annotated[float, Field(ge=-180, le=180)]


class Scores(BaseModel):
    query_key: str
    inputs: list[UserIn]
    prediction: list[float]


Batch = Annotated[list[UserIn], Field(min_length=1, max_length=MAX_RECORDS)]
BATCH = TypeAdapter(Batch)


def failures(error: ValidationError):
    """The body of a 422."""
    found = error.errors(include_url=False, include_context=False)
    detail = [{**failure, "loc": ("body", *failure["loc"])} for failure in found[:LISTED_FAILURES]]
    return json.dumps({"detail": detail, "error_count": len(found)}).encode()


class Query:
    """A valid batch, its key, and its results."""

    def __init__(self, batch):
        self.batch = batch
        self.key = hashlib.md5(repr(batch).encode()).hexdigest()
        self.prediction = None
        self.cache = "BYPASS"

    def body(self):
        return Scores.model_construct(
            query_key=self.key, inputs=self.batch, prediction=self.prediction).model_dump_json().encode()


class Scorer:
    def __init__(self, name):
        self.name = name
        with open(os.environ["MODEL_PATH"], encoding="utf-8") as file:
            content = json.load(file)
        self.model = LinearRegression()
        self.model.coef_ = np.array(content["coefficients"])
        self.model.intercept_ = content["intercept"]
        self.model.n_features_in_ = len(content["features"])
        options = {
            "port": int(os.environ["REDIS_PORT"]), "max_connections": CONNECTIONS, "socket_timeout": DEADLINE_SECONDS,
            "socket_connect_timeout": DEADLINE_SECONDS}
        self.redis = Redis(**options)
        self.asynchronous_redis = redis_asyncio.Redis(**options)
        log = os.environ.get("LOG_FILE")
        self.log_file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644) if log else 1

    def entry_name(self, query):
        return f"{self.name}:{query.key}"

    def predict(self, queries):
        """Runs the model once for all of these."""
        rows = [list(record.__dict__.values()) for query in queries for record in query.batch]
        values, begin = self.model.predict(np.array(rows)).tolist(), 0
        for query in queries:
            query.prediction = values[begin:begin + len(query.batch)]
            begin += len(query.batch)

    def log(self, query, seconds, length):
        """Writes the three lines at once, so that no other worker's lines get between them."""
        now = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
        os.write(self.log_file, (
            f'127.0.0.1 - - [{now}] "POST /predict HTTP/1.1" 200 {length} "-" "-"\n'
            f"X-Ms-Request-Id: {uuid.uuid4()}\nPrediction took {seconds * 1000:.4f} ms\n").encode())

    def look_up_all(self, queries):
        try:
            entries = self.redis.mget([self.entry_name(query) for query in queries])
        except RedisError:
            return
        for query, entry in zip(queries, entries):
            query.cache = "MISS" if entry is None else "HIT"
            query.prediction = json.loads(entry) if entry is not None else None

    def score_all(self, queries):
        """For a framework that hands over several requests at once: one look-up, one run of the model, one store.

        Returns the bodies of the responses.
        """
        begin = time.perf_counter()
        self.look_up_all(queries)
        open_queries = [query for query in queries if query.prediction is None]
        if open_queries:
            self.predict(open_queries)
        seconds = time.perf_counter() - begin
        self.store_all([query for query in open_queries if query.cache == "MISS"])
        bodies = [query.body() for query in queries]
        for query, body in zip(queries, bodies):
            self.log(query, seconds, len(body))
        return bodies

    def store_all(self, queries):
        if not queries:
            return
        pipeline = self.redis.pipeline(transaction=False)
        for query in queries:
            pipeline.set(self.entry_name(query), json.dumps(query.prediction), ex=TTL_SECONDS)
        try:
            pipeline.execute()
        except RedisError:
            pass

    async def score(self, query, stores):
        """For a framework that runs requests on an event loop; `stores` holds the background tasks."""
        import asyncio

        begin = time.perf_counter()
        try:
            entry = await self.asynchronous_redis.get(self.entry_name(query))
            query.cache = "MISS" if entry is None else "HIT"
        except RedisError:
            entry = None
        if entry is not None:
            query.prediction = json.loads(entry)
        else:
            self.predict([query])
        seconds = time.perf_counter() - begin
        if query.cache == "MISS":
            task = asyncio.create_task(self.store(query))
            stores.add(task)
            task.add_done_callback(stores.discard)
        body = query.body()
        self.log(query, seconds, len(body))
        return body

    async def store(self, query):
        try:
            await self.asynchronous_redis.set(self.entry_name(query), json.dumps(query.prediction), ex=TTL_SECONDS)
        except RedisError:
            pass
