"""Everything that the public client does with series, steps and files, in each era."""

from __future__ import annotations


def test_frames_of_either_kind_and_dicts_are_sent(measure):
    measure("""
sent = series()
for name, data in (("pandas", sent.to_pandas()), ("dict", sent.to_dict(as_series=False))):
    made = make(name, data)
    assert tests.time_series(made.id).equals(sent)
set_dataframe_backend("pandas")
made = make("back", sent.to_pandas())
assert isinstance(tests.time_series(made.id), pd.DataFrame)
assert isinstance(tests.steps(made.id), pd.DataFrame)
assert isinstance(tests.cycles(made.id), pd.DataFrame)
both = tests.steps_and_cycles(made.id)
assert isinstance(both.steps, pd.DataFrame) and len(both.cycles) == 1
""")


def test_steps_and_cycles_are_derived(measure):
    measure("""
made = make("t", series(2))
steps, cycles = tests.steps(made.id), tests.cycles(made.id)
assert steps["Step type"].to_list() == 2 * [
    "Rest", "Constant current charge", "Rest", "Constant current discharge"]
assert abs(steps["Discharge capacity [A.h]"][3] - 190 / 3600) < 1e-12
assert steps["Cycle charge capacity [A.h]"][0] == cycles["Charge capacity [A.h]"][0]
assert cycles["Coulombic efficiency"].to_list() == [1.0]
assert cycles.schema["Cycle count"] == pl.Int64
both = tests.steps_and_cycles(made.id)
assert both.steps["Step type"].to_list() == steps["Step type"].to_list()
assert both.cycles.equals(cycles)
for name in steps.columns:
    if steps[name].null_count() < len(steps):
        assert both.steps[name].equals(steps[name], null_equal=True), name
""")


def test_own_steps_win(measure):
    measure("""
own = {"Step count": [0, 1, 2, 3], "Step type": ["a", "b", "c", "d"], "Cycle count": [0, 0, 0, 0],
       "Discharge capacity [A.h]": [0.0, 0.0, 0.0, 0.5], "Operator": ["x", None, "y", "z"],
       "Charge capacity [A.h]": [0.0, 1.0, 0.0, float("nan")]}
made = tests.create(cell.id, {
    "measurement": {"name": "t"}, "time_series": series(), "steps": own})
assert made.processing_status == "ready"
steps = tests.steps(made.id)
assert steps["Step type"].to_list() == ["a", "b", "c", "d"]
assert steps["Operator"].to_list() == ["x", None, "y", "z"]
assert tests.cycles(made.id)["Coulombic efficiency"].to_list() == [0.5]
""")


def test_bad_series_are_refused_before_anything_is_sent(measure):
    measure("""
for spoiled in (series().with_columns(-pl.col("Current [A]")), series().drop("Step count"),
                series().with_columns(pl.col("Time [s]") + 5), series().reverse()):
    try:
        make("t", spoiled)
    except MeasurementValidationError as refusal:
        assert refusal.errors
    else:
        raise AssertionError
assert len(tests.list(cell.id)) == 0
""")


def test_other_kinds_of_series_are_taken(measure):
    measure("""
curve = pl.DataFrame({"SOC": [0.0, 0.5, 1.0], "Voltage [V]": [3.0, 3.6, 4.2],
                      "Step count": [0, 0, 0]})
made = make("ocp", curve, data_type="ocp")
assert made.processing_status == "ready" and tests.time_series(made.id).equals(curve)
assert tests.cycles(made.id)["Coulombic efficiency"].to_list() == [None]
sweep = pl.DataFrame({"Time [s]": [None, None], "Voltage [V]": [3.6, 3.6], "Step count": [0, 0],
                      "Current [A]": [0.0, 0.0], "Frequency [Hz]": [1000.0, 10.0],
                      "Z_Re [Ohm]": [0.02, 0.03], "Z_Im [Ohm]": [-0.01, -0.02]},
                     schema_overrides={"Time [s]": pl.Float64})
made = make("eis", sweep, data_type="eis")
assert tests.steps(made.id)["Step type"].to_list() == ["EIS"]
assert tests.detail(made.id).time_series.equals(sweep)
more = series().with_columns(pl.lit("a").alias("Note"), pl.lit(7).alias("Aux 1 [V]"))
assert tests.time_series(make("more", more).id).equals(more)
""")


def test_files_come_back_as_they_were(measure):
    measure("""
png = bytes.fromhex("89504e470d0a1a0a") + b"picture"
contents = {"scan 1.png": png, "räum.txt": "ä".encode(), "empty.bin": b"", "a+b.csv": b"1,2"}
for name, content in contents.items():
    (folder / name).write_bytes(content)
made = tests.create_file(cell.id, "files", [str(folder / name) for name in contents], notes="x")
assert made.measurement_type == "file" and made.processing_status == "ready"
assert tests.list_files(made.id) == list(contents)
assert tests.download_files(made.id) == contents
assert tests.download_files(made.id, use_cache=False, filenames=["räum.txt"]) == {
    "räum.txt": "ä".encode()}
assert tests.get_file(made.id, "scan 1.png") == png
image = tests.create_file(cell.id, "image", [str(folder / "scan 1.png")], validate_images=True)
assert tests.get_file(image.id, "scan 1.png") == png
assert tests.detail(made.id).files == contents
assert refused(tests.get_file, made.id, "none").status_code == 404
assert refused(tests.list_files, make("t").id).status_code == 400
""")


def test_a_running_test_is_extended(measure):
    measure("""
whole = series(2)
made = make("t", whole[:80])
grown = tests.extend(made.id, whole[80:])
assert grown.processing_status == "ready" and not grown.processing_error
assert tests.time_series(made.id, use_cache=False).equals(whole)
assert len(tests.steps(made.id, use_cache=False)) == 8
early = refused(tests.extend, made.id, whole[:80])
assert "Time [s]" in str(early) or early.status_code in (400, 409, 422)
other = whole[80:].with_columns(pl.col("Time [s]") + 2000, pl.lit(1.0).alias("more"))
assert refused(tests.extend, made.id, other)
assert tests.time_series(made.id, use_cache=False).equals(whole)
tests.update(made.id, {"end_time": "2100-01-01T00:00:00Z"})
later = whole[80:].with_columns(pl.col("Time [s]") + 2000, pl.col("Step count") + 4)
assert refused(tests.extend, made.id, later)
""")


def test_an_unusable_upload_is_told_when_waited_for(measure):
    measure("""
answer = put_unchecked("bad", series().drop("Voltage [V]"))
assert answer["processing_status"] == "pending"
failed = refused(tests.wait_for_processing, answer["id"])
assert isinstance(failed, MeasurementProcessingError)
assert "Voltage [V]" in failed.failures[answer["id"]]
record = tests.get(answer["id"])
assert record.processing_status == "failed" and "Voltage [V]" in record.processing_error
good = make("good").id
settled = tests.wait_for_processing([good])
assert settled[good]["processing_status"] == "ready"
assert isinstance(refused(tests.wait_for_processing, [good, answer["id"]]),
                  MeasurementProcessingError)
assert refused(tests.steps, answer["id"]).status_code >= 400
tests.delete(answer["id"])
assert make("bad").processing_status == "ready"
""")


def test_an_unusable_upload_is_told_by_create_itself(measure):
    measure("""
from unittest.mock import patch
with patch("ionworks.cell_measurement.validate_measurement_data"):
    failed = refused(make, "t", series().with_columns(pl.col("Step count").reverse()))
assert isinstance(failed, MeasurementProcessingError) and "Step count" in str(failed)
""")


def test_twenty_uploads_and_readings_run_at_once(measure):
    measure("""
from concurrent.futures import ThreadPoolExecutor
def both(number):
    made = make(f"t{number}")
    return tests.time_series(made.id).equals(series()) and len(tests.steps(made.id)) == 4
with ThreadPoolExecutor(20) as pool:
    assert all(pool.map(both, range(40)))
assert len(tests.list(cell.id)) == 40
""")


def test_a_batch_is_waited_for_at_once(measure):
    measure("""
ids = [tests.create(cell.id, {"measurement": {"name": f"t{n}"}, "time_series": series()},
                    wait_for_processing=False).id for n in range(5)]
assert set(tests.wait_for_processing(ids)) == set(ids)
""")


def test_a_series_of_some_size_travels(measure):
    measure("""
chance = np.random.default_rng(0)
rows = 400_000
large = pl.concat([series(), part(4, 1.0, 800.0, rows)]).with_columns(
    pl.Series("noise", chance.random(80 + rows)))
made = make("t", large)
assert tests.time_series(made.id).equals(large)
(kept,) = (folder / "cache").rglob("time_series.parquet")
assert pl.read_parquet(kept).equals(large)
""")
