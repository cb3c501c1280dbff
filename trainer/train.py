#!/usr/bin/env python3
"""Fits Bungalow's linear model on California housing and writes the model file.

The fit is ordinary least squares on eight features. The file's `content_sha256` covers only what changes predictions
(features, coefficients, intercept); the function `content_sha256` defines its text.
"""

import argparse
import csv
import hashlib
import io
import json
import math
import os
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy
import sklearn
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score, root_mean_squared_error

FORMAT = "bungalow-linear-model/1"
FEATURES = (
    "MedInc",
    "HouseAge",
    "AveRooms",
    "AveBedrms",
    "Population",
    "AveOccup",
    "Latitude",
    "Longitude",
)
TARGET = "MedHouseVal"
CANARY = (8.3252, 42.0, 6.98, 1.02, 322.0, 2.55, 37.88, -122.23)
DEFAULT_OUTPUT = Path(__file__).resolve().parent.parent / "Sources/Model/Resources/housing-model.json"


class DataError(Exception):
    """Data that no model can be fitted on; the message is one line for people."""


@dataclass(frozen=True)
class Dataset:
    """Rows to fit on: `features` [n, 8] and `target` [n] in float64, and the sha256 of the bytes they came from."""

    features: numpy.ndarray
    target: numpy.ndarray
    sha256: str


@dataclass(frozen=True)
class Fit:
    """A fitted model: one coefficient per feature, the intercept, and how well it fits its own rows."""

    coefficients: tuple[float, ...]
    intercept: float
    r2: float
    rmse: float


def read_csv(path: Path) -> Dataset:
    """Reads a CSV with a header that names the eight features and the target, in any order and among others."""
    try:
        content = path.read_bytes()
        text = io.StringIO(content.decode("utf-8-sig"), newline="")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text (byte {error.start})") from error

    columns = (*FEATURES, TARGET)
    reader = csv.reader(text, strict=True)
    rows = []
    try:
        header = [name.strip() for name in next(reader, [])]
        missing = [name for name in columns if name not in header]
        if missing:
            raise DataError(f"{path}: no column {', '.join(missing)} in the header")
        repeated = [name for name in columns if header.count(name) > 1]
        if repeated:
            raise DataError(f"{path}: column {', '.join(repeated)} more than once in the header")
        positions = [header.index(name) for name in columns]
        for row in reader:
            if not row:
                continue
            place = f"{path}, line {reader.line_num}"
            if len(row) != len(header):
                raise DataError(f"{place}: {len(row)} fields where the header has {len(header)}")
            rows.append([_number(row[i], f"{place}, {header[i]}") for i in positions])
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}") from error
    if not rows:
        raise DataError(f"{path}: no rows")

    table = numpy.array(rows, dtype=numpy.float64)
    return Dataset(table[:, :-1], table[:, -1], hashlib.sha256(content).hexdigest())


def _number(text: str, place: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = None
    if value is None or "_" in text:  # Python's own literals allow 1_000, data does not
        raise DataError(f"{place}: {text[:40]!r} is not a number")
    if not math.isfinite(value):
        raise DataError(f"{place}: {text[:40]!r} is not finite")
    return value


def fetch() -> Dataset:
    """Downloads the data set with scikit-learn, or reads it from scikit-learn's own cache.

    There is no single file to hash, so the sha256 is that of these rows written as CSV.
    """
    from sklearn.datasets import fetch_california_housing

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # every retry would warn; the one error below is enough
            bunch = fetch_california_housing()
    except Exception as error:  # urllib, checksums, archives, the cache's file: each fails in its own way
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"the data set could not be downloaded ({reason}); give a CSV with --data FILE") from error
    order = [list(bunch.feature_names).index(name) for name in FEATURES]
    features = numpy.asarray(bunch.data, dtype=numpy.float64)[:, order]
    target = numpy.asarray(bunch.target, dtype=numpy.float64)
    return Dataset(features, target, hashlib.sha256(csv_text(features, target).encode()).hexdigest())


def csv_text(features: numpy.ndarray, target: numpy.ndarray) -> str:
    """Writes rows as the CSV that `read_csv` reads, numbers as `repr` prints them."""
    rows = [",".join((*FEATURES, TARGET))]
    rows += [",".join(map(repr, row)) for row in numpy.column_stack([features, target]).tolist()]
    return "\n".join(rows) + "\n"


def fit(data: Dataset) -> Fit:
    """Fits ordinary least squares; needs more rows than unknowns, and linearly independent columns."""
    rows, unknowns = len(data.target), len(FEATURES) + 1
    if rows <= unknowns:
        raise DataError(f"{rows} rows are too few for {unknowns} unknowns")
    try:
        with numpy.errstate(over="ignore", invalid="ignore"):
            model = LinearRegression().fit(data.features, data.target)
            predictions = model.predict(data.features)
            result = Fit(
                coefficients=tuple(model.coef_.tolist()),
                intercept=float(model.intercept_),
                r2=float(r2_score(data.target, predictions)),
                rmse=float(root_mean_squared_error(data.target, predictions)),
            )
    except ValueError as error:  # scipy and scikit-learn reject sums that overflowed
        raise DataError("no finite fit: the values are too large") from error
    if model.rank_ < len(FEATURES):
        raise DataError(f"the columns determine only {model.rank_} of {len(FEATURES)} coefficients")
    if not all(map(math.isfinite, (*result.coefficients, result.intercept, result.r2, result.rmse))):
        raise DataError("no finite fit: the values are too large")
    return result


def predict(model: Fit, x: tuple[float, ...]) -> float:
    """Scores one record in the server's order of additions, which affects the last digits of a float64 result."""
    p = [coefficient * value for coefficient, value in zip(model.coefficients, x, strict=True)]
    return ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7])) + model.intercept


def content_sha256(model: Fit) -> str:
    """Hashes what changes predictions: the format, `name=coefficient` in feature order, `intercept=…`, a line each."""
    lines = [FORMAT]
    lines += [f"{name}={value!r}" for name, value in zip(FEATURES, model.coefficients, strict=True)]
    lines.append(f"intercept={model.intercept!r}")
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def document(model: Fit, data: Dataset) -> dict:
    """Makes the model file's JSON object, keys in the order they are written."""
    return {
        "format": FORMAT,
        "features": list(FEATURES),
        "coefficients": list(model.coefficients),
        "intercept": model.intercept,
        "canary": {"features": list(CANARY), "prediction": predict(model, CANARY)},
        "training": {
            "rows": len(data.target),
            "r2": model.r2,
            "rmse": model.rmse,
            "data_sha256": data.sha256,
            "scikit_learn": sklearn.__version__,
            "numpy": numpy.__version__,
        },
        "content_sha256": content_sha256(model),
    }


def write_atomically(path: Path, text: str) -> None:
    """Replaces a file as a whole: a server that reloads meanwhile reads the old model or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def report(model: Fit, data: Dataset, output: Path) -> str:
    """Describes a fit for people, one value per line."""
    values = dict(zip(FEATURES, model.coefficients, strict=True))
    values |= {"intercept": model.intercept, "R²": model.r2, "RMSE": model.rmse}
    lines = [f"{name:<15}{value!r:>24}" for name, value in values.items()]
    lines.append(f"{'rows':<15}{len(data.target):>24}")
    lines += [f"{'data sha256':<15} {data.sha256}", f"{'content sha256':<15} {content_sha256(model)}"]
    return "\n".join([*lines, f"{'written to':<15} {output}"])


def main(arguments: list[str] | None = None) -> int:
    """Runs the trainer; returns 0, or 1 after one line on stderr (argparse exits with 2 for bad usage)."""
    parser = argparse.ArgumentParser(
        prog="train.py", description="Fits Bungalow's linear model on California housing and writes the model file."
    )
    parser.add_argument("--data", type=Path, metavar="FILE", help="the data set as CSV; without it, it is downloaded")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", default=DEFAULT_OUTPUT, help="the model file (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    try:
        data = read_csv(options.data) if options.data else fetch()
        model = fit(data)
        write_atomically(options.output, json.dumps(document(model, data), indent=2) + "\n")
    except DataError as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"train.py: cannot write {options.output}: {error.strerror}", file=sys.stderr)
        return 1
    print(report(model, data, options.output))
    return 0


if __name__ == "__main__":
    sys.exit(main())
