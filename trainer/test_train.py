"""Tests of the trainer: the data it rejects, the file it writes, and the fit on the real data set if it is present."""

import hashlib
import json
import os
import random
from pathlib import Path

import pytest
import train

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("BUNGALOW_DATA") or ROOT.parent / "shared/data/california_housing.csv")

# LAPACK picks its kernels by processor, and they round differently: as measured, one data set's coefficients agree to
# 1e-11 across kernels. Any mistake in the data or the fit is far larger than this.
RELATIVE = 1e-9

COEFFICIENTS = [0.5, -0.25, 0.125, 2.0, -0.001, 1.5, -3.0, 0.75]
INTERCEPT = -7.0
HEADER = ",".join((*train.FEATURES, train.TARGET))


@pytest.fixture
def rows() -> list[list[float]]:
    """Rows with a known linear law and a little noise, the same in every run."""
    source = random.Random(20640)
    rows = []
    for _ in range(200):
        x = [source.uniform(-10, 10) for _ in COEFFICIENTS]
        y = INTERCEPT + sum(c * v for c, v in zip(COEFFICIENTS, x, strict=True))
        rows.append([*x, y + source.gauss(0, 0.01)])
    return rows


@pytest.fixture
def run(tmp_path, capsys):
    """Runs the trainer on the text or bytes of a CSV; returns its exit status, stdout, stderr and output path."""

    def run(content: str | bytes):
        data, output = tmp_path / "data.csv", tmp_path / "out" / "model.json"
        data.write_bytes(content if isinstance(content, bytes) else content.encode())
        status = train.main(["--data", str(data), "--output", str(output)])
        out, err = capsys.readouterr()
        return status, out, err, output

    return run


def csv_of(rows: list[list[float]], header: str = HEADER) -> str:
    return "\n".join([header, *(",".join(map(repr, row)) for row in rows)]) + "\n"


def content_sha256(model: dict) -> str:
    """The hash as any reader of a model file recomputes it, independent of the trainer's code."""
    text = "bungalow-linear-model/1\n"
    for name, coefficient in zip(model["features"], model["coefficients"], strict=True):
        text += name + "=" + repr(coefficient) + "\n"
    text += "intercept=" + repr(model["intercept"]) + "\n"
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def test_finds_the_law_in_the_rows(run, rows):
    status, out, err, output = run(csv_of(rows))
    assert (status, err) == (0, "")
    model = json.loads(output.read_text())
    assert model["coefficients"] == pytest.approx(COEFFICIENTS, abs=1e-3)
    assert model["intercept"] == pytest.approx(INTERCEPT, abs=1e-2)
    assert model["training"]["r2"] > 0.9999
    assert model["training"]["rmse"] == pytest.approx(0.01, rel=0.3)
    for value in (*model["coefficients"], model["intercept"], model["training"]["r2"], model["training"]["rmse"]):
        assert repr(value) in out
    for text in (*train.FEATURES, "200", model["training"]["data_sha256"], model["content_sha256"]):
        assert text in out


# proves: C5.5
def test_writes_the_format_in_its_order(run, rows):
    _, _, _, output = run(csv_of(rows))
    text = output.read_text()
    model = json.loads(text)
    assert text == json.dumps(model, indent=2) + "\n"
    assert list(model) == [
        "format", "features", "coefficients", "intercept", "canary", "training", "content_sha256",
    ]  # fmt: skip
    assert list(model["canary"]) == ["features", "prediction"]
    assert list(model["training"]) == ["rows", "r2", "rmse", "data_sha256", "scikit_learn", "numpy"]
    assert model["format"] == "bungalow-linear-model/1"
    assert model["features"] == [
        "MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude", "Longitude",
    ]  # fmt: skip
    assert model["training"]["rows"] == 200
    assert model["training"]["data_sha256"] == hashlib.sha256(csv_of(rows).encode()).hexdigest()


def test_hashes_only_what_changes_predictions(run, rows):
    model = json.loads(run(csv_of(rows))[3].read_text())
    assert model["content_sha256"] == content_sha256(model)
    other = json.loads(run(csv_of(rows) + "\n")[3].read_text())
    assert other["training"]["data_sha256"] != model["training"]["data_sha256"]
    assert other["content_sha256"] == model["content_sha256"]


def test_hash_of_known_numbers():
    fit = train.Fit((0.1, 1.0, -0.0, 1e-05, 1e16, 2.5, -3.0, 5e-324), -36.5, 0.0, 0.0)
    text = (
        "bungalow-linear-model/1\nMedInc=0.1\nHouseAge=1.0\nAveRooms=-0.0\nAveBedrms=1e-05\nPopulation=1e+16\n"
        "AveOccup=2.5\nLatitude=-3.0\nLongitude=5e-324\nintercept=-36.5\n"
    )
    assert train.content_sha256(fit) == hashlib.sha256(text.encode()).hexdigest()


# proves: C1.39
def test_canary_adds_in_the_servers_order():
    # Left to right these give 8.5, exactly 8.5; with the intercept first 8.0; in other pairs 8.5 or 9.5.
    fit = train.Fit((3.0, 3.0, 0.0, 1e16, -1.0, 0.0, 3.0, -1e16), 0.5, 0.0, 0.0)
    assert train.predict(fit, (1.0,) * 8) == 10.5


def test_two_runs_write_the_same_bytes(run, rows):
    first = run(csv_of(rows))[3].read_bytes()
    assert run(csv_of(rows))[3].read_bytes() == first


def test_columns_are_found_by_name(run, rows):
    first = json.loads(run(csv_of(rows))[3].read_text())
    order = [8, 3, 0, 7, 1, 6, 2, 5, 4]
    names = HEADER.split(",")
    shuffled = [[row[i] for i in order] + [0.0] for row in rows]
    header = ",".join([*(names[i] for i in order), "Extra"])
    second = json.loads(run("\ufeff" + csv_of(shuffled, header))[3].read_text())
    assert second["coefficients"] == first["coefficients"]


def test_csv_text_is_what_read_csv_reads(tmp_path, rows):
    path = tmp_path / "data.csv"
    path.write_text(csv_of(rows))
    data = train.read_csv(path)
    assert train.csv_text(data.features, data.target) == path.read_text()


ONES = ",".join(["1.0"] * 9)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "no column MedInc, HouseAge, "),
        (HEADER.replace("AveRooms,", "") + "\n", "no column AveRooms in the header"),
        (HEADER + ",MedInc\n", "column MedInc more than once in the header"),
        (HEADER + "\n", "no rows"),
        (HEADER + "\n\n\n", "no rows"),
        (f"{HEADER}\n{ONES}\n{ONES},2\n", "line 3: 10 fields where the header has 9"),
        (f"{HEADER}\n1.0,2.0\n", "line 2: 2 fields where the header has 9"),
        (f"{HEADER}\n{ONES.replace('1.0', 'x', 1)}\n", "line 2, MedInc: 'x' is not a number"),
        (f"{HEADER}\n{ONES.replace('1.0', '', 1)}\n", "line 2, MedInc: '' is not a number"),
        (f"{HEADER}\n{ONES.replace('1.0', '1_0', 1)}\n", "line 2, MedInc: '1_0' is not a number"),
        (f"{HEADER}\n{ONES[:-3]}nan\n", "line 2, MedHouseVal: 'nan' is not finite"),
        (f"{HEADER}\n{ONES[:-3]}-inf\n", "line 2, MedHouseVal: '-inf' is not finite"),
        (f"{HEADER}\n{ONES[:-3]}1e999\n", "line 2, MedHouseVal: '1e999' is not finite"),
        (f'{HEADER}\n"{ONES}\n', "unexpected end of data"),
        (b"\xff\xfe" + HEADER.encode(), "not UTF-8 text (byte 0)"),
        (f"{HEADER}\n{ONES}\n", "1 rows are too few for 9 unknowns"),
        (f"{HEADER}\n" + f"{ONES}\n" * 20, "the columns determine only 0 of 8 coefficients"),
    ],
)
def test_refuses_bad_data_in_one_line(run, content, says):
    status, out, err, output = run(content)
    assert (status, out) == (1, "")
    assert err.startswith("train.py: ") and says in err
    assert err.count("\n") == 1
    assert not output.exists()


def test_refuses_values_that_overflow_in_one_line(run, rows):
    huge = [[value * 1e306 for value in row] for row in rows]
    status, _, err, output = run(csv_of(huge))
    assert status == 1
    assert err == "train.py: no finite fit: the values are too large\n"
    assert not output.exists()


def test_refuses_a_missing_file(tmp_path, capsys):
    assert train.main(["--data", str(tmp_path / "none.csv"), "--output", str(tmp_path / "m.json")]) == 1
    assert capsys.readouterr().err == f"train.py: {tmp_path}/none.csv: No such file or directory\n"


def test_reports_a_path_that_cannot_be_written(run, tmp_path, rows):
    (tmp_path / "out").write_text("a file where the folder should be")
    status, _, err, output = run(csv_of(rows))
    assert status == 1
    assert err.startswith(f"train.py: cannot write {output}: ") and err.count("\n") == 1


def test_a_failed_download_is_one_line(tmp_path, capsys, monkeypatch):
    def fail():
        raise OSError("no route\nto host")

    monkeypatch.setattr("sklearn.datasets.fetch_california_housing", fail)
    assert train.main(["--output", str(tmp_path / "m.json")]) == 1
    expected = "train.py: the data set could not be downloaded (no route to host); give a CSV with --data FILE\n"
    assert capsys.readouterr().err == expected


def test_an_unknown_option_exits_with_2(capsys):
    with pytest.raises(SystemExit) as exit:
        train.main(["--outptu", "x"])
    assert exit.value.code == 2


# proves: C5.5
@pytest.mark.skipif(not train.DEFAULT_OUTPUT.exists(), reason=f"no model at {train.DEFAULT_OUTPUT}")
def test_the_committed_model_is_consistent():
    model = json.loads(train.DEFAULT_OUTPUT.read_text())
    fit = train.Fit(tuple(model["coefficients"]), model["intercept"], 0.0, 0.0)
    assert model["content_sha256"] == content_sha256(model)
    assert model["canary"]["prediction"] == train.predict(fit, tuple(model["canary"]["features"]))


@pytest.mark.skipif(not DATA.exists(), reason=f"no data set at {DATA}; BUNGALOW_DATA names another file")
def test_fits_california_housing(tmp_path):
    output = tmp_path / "model.json"
    assert train.main(["--data", str(DATA), "--output", str(output)]) == 0
    model = json.loads(output.read_text())
    assert model["training"]["rows"] == 20640
    assert model["intercept"] == pytest.approx(-36.94192020718443, rel=RELATIVE)
    assert model["training"]["r2"] == pytest.approx(0.606232685199805, rel=RELATIVE)
    assert model["canary"]["prediction"] == pytest.approx(4.139092164701125, rel=RELATIVE)
    if train.DEFAULT_OUTPUT.exists():
        committed = json.loads(train.DEFAULT_OUTPUT.read_text())
        assert model["coefficients"] == pytest.approx(committed["coefficients"], rel=RELATIVE)
        assert model["intercept"] == pytest.approx(committed["intercept"], rel=RELATIVE)
