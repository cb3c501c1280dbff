"""The contract's scoring call in Python: FastAPI, pydantic, redis.asyncio and scikit-learn, served by uvicorn.

REDIS_PORT is where the cache is, MODEL_PATH the model file of trainer/.
"""
import asyncio
import hashlib
import json
import os
from typing import Annotated

import numpy as np
from fastapi import Body, FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sklearn.linear_model import LinearRegression

MAX_RECORDS = 1000
LISTED_FAILURES = 100
TTL_SECONDS = 3600
# A loop that is busy with other calls reads a reply late; a short deadline would mistake that for a dead Redis.
DEADLINE_SECONDS = 1
# With redis-py's default of 100, look-ups of 512 clients at once would fail.
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


Batch = Annotated[list[UserIn], Body(min_length=1, max_length=MAX_RECORDS)]


def load_model(path):
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    model = LinearRegression()
    model.coef_ = np.array(content["coefficients"])
    model.intercept_ = content["intercept"]
    model.n_features_in_ = len(content["features"])
    return model


app = FastAPI(openapi_url=None)
model = load_model(os.environ["MODEL_PATH"])
cache = Redis(
    port=int(os.environ["REDIS_PORT"]), max_connections=CONNECTIONS, socket_timeout=DEADLINE_SECONDS,
    socket_connect_timeout=DEADLINE_SECONDS)
stores = set()


async def look_up(name):
    try:
        entry = await cache.get(name)
    except RedisError:
        return None, "BYPASS"
    return (json.loads(entry), "HIT") if entry is not None else (None, "MISS")


async def store(name, prediction):
    try:
        await cache.set(name, json.dumps(prediction), ex=TTL_SECONDS)
    except RedisError:
        pass


@app.post("/predict")
async def predict(batch: Batch, response: Response) -> Scores:
    query_key = hashlib.md5(repr(batch).encode()).hexdigest()
    name = f"fastapi:{query_key}"
    prediction, result = await look_up(name)
    if prediction is None:
        # The values of a record in the order of its fields, which is the model's.
        prediction = model.predict(np.array([list(record.__dict__.values()) for record in batch])).tolist()
        if result == "MISS":
            task = asyncio.create_task(store(name, prediction))
            stores.add(task)
            task.add_done_callback(stores.discard)
    response.headers["X-Cache"] = result
    return Scores.model_construct(query_key=query_key, inputs=batch, prediction=prediction)


@app.exception_handler(RequestValidationError)
async def refuse(request: Request, error: RequestValidationError):
    failures = error.errors()
    detail = [
        {"type": failure["type"], "loc": failure["loc"], "msg": failure["msg"], "input": failure["input"]}
        for failure in failures[:LISTED_FAILURES]
    ]
    return JSONResponse({"detail": jsonable_encoder(detail), "error_count": len(failures)}, status_code=422)


@app.get("/readyz")
async def readyz():
    return {"status": "ready"}
