"""Files of many tests are one LazyFrame, whatever columns each of them has."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cellframe.contract.series import CYCLES
from cellframe.errors import CorruptStoreError, FrameError
from cellframe.frames.long import conform
from cellframe.frames.scan import KEYS, columns_of, read_each, scan, unite
from cellframe.store.trees import Leaf, grow

NOON = datetime(2026, 1, 5, 12)  # noqa: DTZ001 - as a cycler writes it


@pytest.fixture
def lay(tmp_path):
    """Lay frames out as a fleet: cell c-0 and test t-0, c-1 and t-1, and so on."""

    def laid(*frames, ids=None):
        leaves = []
        for number, frame in enumerate(frames):
            path = tmp_path / f"{number}.parquet"
            frame.write_parquet(path)
            leaves.append(
                Leaf(
                    dict(
                        zip(
                            KEYS,
                            ids[number] if ids else (f"c-{number}", f"t-{number}"),
                            strict=True,
                        )
                    ),
                    path,
                )
            )
        return grow(tmp_path / "trees", leaves)

    return laid


def column(*series) -> list[pl.DataFrame]:
    return [pl.DataFrame({"x": one}) for one in series]


def x(paths) -> pl.Series:
    return scan(paths).collect()["x"]


def test_every_row_says_whose_it_is(lay):
    frame = scan(lay(pl.DataFrame({"v": [1, 2]}), pl.DataFrame({"v": [3]}))).collect()
    assert frame.columns == [*KEYS, "v"]
    assert frame.rows() == [("c-0", "t-0", 1), ("c-0", "t-0", 2), ("c-1", "t-1", 3)]


IDS = ["007", "2026-01-05", "1e5", "null", "true", "None", "A", "a", "a/b", "../x", "%41", "a=b"]
IDS += ["*", "[a]?", " ", "c d", "\u00e9", "\U0001f50b", "'\"", "a\nb", ".", "..", "__HIVE__"]


@pytest.mark.parametrize("id_", IDS)
def test_an_id_is_text_and_comes_back_as_it_was(lay, id_):
    paths = lay(pl.DataFrame({"v": [1]}), ids=[(id_, id_)])
    frame = scan(paths).filter(pl.col("measurement_id") == id_).collect()
    assert frame.schema["instance_id"] == frame.schema["measurement_id"] == pl.String
    assert frame.rows() == [(id_, id_, 1)]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=10, unique=True))
def test_rows_stand_in_the_order_of_the_paths(tmp_path_factory, order):
    folder = tmp_path_factory.mktemp("order")
    leaves = []
    for number in order:
        path = folder / f"{number}.parquet"
        # A text among numbers now and then makes it several scans.
        pl.DataFrame({"x": [number if number % 3 else str(number)]}).write_parquet(path)
        leaves.append(Leaf(dict(zip(KEYS, (f"{number}", f"{9 - number}"), strict=True)), path))
    frame = scan(grow(folder / "trees", leaves)).collect()
    assert frame["instance_id"].to_list() == [str(number) for number in order]
    assert [int(value) for value in frame["x"]] == order


def test_no_files_are_no_rows_with_the_keys():
    assert scan([]).collect().schema == dict.fromkeys(KEYS, pl.String)


def test_columns_stand_in_order_of_first_appearance_and_are_null_where_missing(lay):
    frame = scan(lay(pl.DataFrame({"b": [1], "a": [2]}), pl.DataFrame({"c": [3], "a": [4]})))
    assert frame.collect().drop(KEYS).to_dict(as_series=False) == {
        "b": [1, None],
        "a": [2, 4],
        "c": [None, 3],
    }


def test_units_in_labels_are_columns_of_their_own(lay):
    frame = scan(lay(pl.DataFrame({"Current [A]": [1.0]}), pl.DataFrame({"Current [mA]": [1.0]})))
    assert frame.collect().columns == [*KEYS, "Current [A]", "Current [mA]"]


def test_the_path_decides_where_a_file_has_a_key_too(lay):
    frame = scan(lay(pl.DataFrame({"instance_id": ["other"], "v": [1]}))).collect()
    assert frame.rows() == [("c-0", "t-0", 1)]


UTC_NOON = NOON.replace(tzinfo=UTC)
PARIS = pl.Series([UTC_NOON]).dt.convert_time_zone("Europe/Paris")
SAME = [
    ([1], [0.5], pl.Float64, [1.0, 0.5]),
    ([None], [0.5], pl.Float64, [None, 0.5]),
    ([None], ["a"], pl.String, [None, "a"]),
    (pl.Series([1], dtype=pl.Int8), pl.Series([300], dtype=pl.Int16), pl.Int64, [1, 300]),
    (pl.Series([1], dtype=pl.UInt8), pl.Series([2], dtype=pl.UInt64), pl.UInt64, [1, 2]),
    (pl.Series([-1]), pl.Series([2], dtype=pl.UInt64), pl.Float64, [-1.0, 2.0]),
    (pl.Series([0.5], dtype=pl.Float32), [1.5], pl.Float64, [0.5, 1.5]),
    (pl.Series(["1.5"]).cast(pl.Decimal(5, 2)), [1.25], pl.Float64, [1.5, 1.25]),
    (pl.Series(["a"], dtype=pl.Categorical), ["b"], pl.String, ["a", "b"]),
    (pl.Series(["a"], dtype=pl.Enum(["a"])), ["b"], pl.String, ["a", "b"]),
]
TIMES = [
    (
        pl.Series([NOON], dtype=pl.Datetime("ms")),
        pl.Series([NOON], dtype=pl.Datetime("ns")),
        pl.Datetime("ns"),
        [NOON, NOON],
    ),
    (pl.Series([UTC_NOON]), PARIS, pl.Datetime("us", "UTC"), [UTC_NOON, UTC_NOON]),
    (
        pl.Series([timedelta(1)], dtype=pl.Duration("ms")),
        pl.Series([timedelta(2)], dtype=pl.Duration("us")),
        pl.Duration("us"),
        [timedelta(1), timedelta(2)],
    ),
]


@pytest.mark.parametrize(("one", "other", "dtype", "values"), [*SAME, *TIMES])
def test_types_that_hold_the_same_become_one(lay, one, other, dtype, values):
    found = x(lay(*column(one, other)))
    assert (found.dtype, found.to_list()) == (dtype, values)
    assert x(lay(*column(other, one))).to_list() == values[::-1]


CLASHES = [
    ([1], ["a"], ["1", "a"]),
    ([0.5], ["a"], ["0.5", "a"]),
    ([True], [2], ["true", "2"]),
    ([date(2026, 1, 5)], [NOON], ["2026-01-05", "2026-01-05 12:00:00.000000"]),
    ([NOON], [UTC_NOON], ["2026-01-05 12:00:00.000000", "2026-01-05 12:00:00.000000+00:00"]),
    ([timedelta(1)], [1], ["P1D", "1"]),
    ([b"\xff\x00"], ["a"], ["ff00", "a"]),
    ([{"a": 1}], ["a"], ['{"x":{"a":1}}', "a"]),
    ([[1, 2]], ["a"], ['{"x":[1,2]}', "a"]),
]


@pytest.mark.parametrize(("one", "other", "values"), CLASHES)
def test_types_that_do_not_go_together_become_text(lay, one, other, values):
    assert x(lay(*column(one, other))).to_list() == values
    assert x(lay(*column([None, *one], other, one))).to_list() == [None, *values, values[0]]


def test_a_whole_number_beyond_any_float_survives_where_all_are_whole(lay):
    assert x(lay(*column([2**53 + 1], [1]))).to_list() == [2**53 + 1, 1]


def test_a_filter_on_one_test_opens_one_file(lay):
    paths = lay(*column(*([number] for number in range(50))))
    one = scan(paths).filter(pl.col("measurement_id") == "t-7")
    for path in paths[:7] + paths[8:]:
        path.unlink()
    assert one.collect().rows() == [("c-7", "t-7", 7)]


BROKEN = {"empty": b"", "text": b"Time,Voltage\n0,3\n", "magic": b"PAR1", "no footer": b"PAR1PAR1"}


@pytest.mark.law("U7")
@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_every_file_without_a_footer_is_named(lay, content):
    paths = lay(*column([1], [2], [3]))
    for path in paths[1:]:
        path.unlink()
        path.write_bytes(content)
    with pytest.raises(CorruptStoreError) as fault:
        scan(paths)
    assert all(str(path) in str(fault.value) for path in paths[1:])
    assert str(paths[0]) not in str(fault.value)


@pytest.mark.law("U7")
def test_a_file_that_was_cut_anywhere_has_no_columns(tmp_path):
    path = tmp_path / "cut.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(CorruptStoreError, match=r"cut\.parquet is no whole parquet"):
            columns_of(path)


def test_a_file_that_is_gone_is_named(lay):
    (path,) = lay(*column([1]))
    path.unlink()
    with pytest.raises(CorruptStoreError, match=f"{path} is missing"):
        scan([path])


TYPES = [pl.Null, pl.Int8, pl.Int64, pl.UInt64, pl.Float32, pl.Float64, pl.Boolean, pl.String]
TYPES += [pl.Date, pl.Datetime("ms"), pl.Datetime("us", "UTC"), pl.Duration("us"), pl.Binary]


@given(st.lists(st.sampled_from(TYPES), min_size=1, max_size=4))
def test_the_type_of_a_column_does_not_depend_on_the_order_of_files(types):
    schemas = [pl.Schema({"x": dtype}) for dtype in types]
    assert unite(schemas) == unite(schemas[::-1]) == unite([*schemas, *schemas])


@given(st.lists(st.sampled_from(TYPES), min_size=1, max_size=4))
def test_any_files_can_be_read_together(tmp_path_factory, types):
    folder = tmp_path_factory.mktemp("any")
    leaves = []
    for number, dtype in enumerate(types):
        path = folder / f"{number}.parquet"
        pl.DataFrame({"x": pl.Series([None], dtype=dtype)}).write_parquet(path)
        leaves.append(Leaf(dict(zip(KEYS, ("c", str(number)), strict=True)), path))
    lazy = scan(grow(folder / "trees", leaves))
    assert lazy.collect().schema == lazy.collect_schema()
    assert lazy.collect()["x"].null_count() == len(types)


def as_it_is(frame: pl.DataFrame) -> pl.DataFrame:
    return frame


def test_a_small_file_that_has_no_shape_does_not_keep_the_others_back(tmp_path):
    paths = [tmp_path / f"{number}.parquet" for number in range(5)]
    for number, path in enumerate(paths):
        pl.DataFrame({"Cycle count": [0.0, number / 2]}).write_parquet(path)
    found = read_each(paths, lambda frame: conform(frame, CYCLES, "cycles"))
    assert [isinstance(one, FrameError) for one in found] == [False, True, False, True, False]
    assert found[4]["Cycle count"].to_list() == [0, 2]


def test_small_files_are_read_in_one_go_and_each_is_itself(tmp_path):
    frames = [pl.DataFrame({"a": [number] * number, "b": 1.5}) for number in range(1, 4)]
    frames += [
        pl.DataFrame({"other": ["x"]}),
        pl.DataFrame(schema={"a": pl.Int64, "b": pl.Float64}),
    ]
    paths = [tmp_path / f"{number}.parquet" for number in range(len(frames))]
    for frame, path in zip(frames, paths, strict=True):
        frame.write_parquet(path)
    for found, frame in zip(read_each(paths, as_it_is), frames, strict=True):
        assert_frame_equal(found, frame)


def test_a_small_file_that_is_cleared_meanwhile_does_not_keep_the_others_back(tmp_path):
    paths = [tmp_path / f"{number}.parquet" for number in range(3)]
    for path in paths:
        pl.DataFrame({"x": [1]}).write_parquet(path)

    def clearing(frame):
        if frame.height > 1:
            paths[1].unlink()
            raise pl.exceptions.ComputeError
        return frame

    first, gone, last = read_each(paths, clearing)
    assert first.height == last.height == 1
    assert isinstance(gone, CorruptStoreError)


def test_a_damaged_small_file_does_not_keep_the_others_back(tmp_path):
    paths = [tmp_path / f"{number}.parquet" for number in range(4)]
    for path in paths:
        pl.DataFrame({"a": list(range(1000))}).write_parquet(path, compression="uncompressed")
    page = bytearray(paths[1].read_bytes())
    page[4:40] = bytes(36)  # The header of the first page.
    paths[1].write_bytes(page)
    paths[2].write_bytes(b"PAR1")
    first, page_gone, footer_gone, last = read_each(paths, as_it_is)
    assert first.height == last.height == 1000
    assert isinstance(page_gone, CorruptStoreError)
    assert isinstance(footer_gone, CorruptStoreError)
