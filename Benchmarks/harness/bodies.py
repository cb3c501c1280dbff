"""Request bodies: batches in which one number of eight digits can change without changing the length."""
import json

COUNTER = "@COUNTER"  # eight characters, as the counter has eight digits
FIXED = "99999999"
SAMPLE = {
    "MedInc": 8.3252, "HouseAge": 42, "AveRooms": 6.98, "AveBedrms": 1.02, "Population": 322, "AveOccup": 2.55,
    "Latitude": 37.88, "Longitude": -122.23,
}


def template(records):
    """A batch with the counter as the first record's population; the records' ages differ, up to 52."""
    batch = [{**SAMPLE, "HouseAge": 1 + index % 52} for index in range(records)]
    batch[0]["Population"] = COUNTER
    return json.dumps(batch, separators=(",", ":")).replace(f'"{COUNTER}"', COUNTER)


def fixed(records):
    return template(records).replace(COUNTER, FIXED)


def refused():
    """A record with a value out of bounds."""
    return json.dumps([{**SAMPLE, "MedInc": -1}], separators=(",", ":"))
