"""Clocks, steps, signs and counters of made files: what is found, doubted and repaired?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cellframe.contract.series import CAPACITY, CHARGE_CAPACITY, DISCHARGE_CAPACITY, STEP
from cellframe.errors import IntakeError
from cellframe.intake import series as intake
from cellframe.intake.cycler.numbers import kept, measured, numbers, order_of, orders_of, seconds
from tests import real_series
from tests.intake.written import A, Manner, Q, T, V, headers, table, truth, write
from tests.journeys.conftest import need

CORE = [T, V, A, STEP, "Cycle count"]
ARBIN = Manner()


def written(folder, change, manner=ARBIN, name="x.csv"):
    """A file whose columns were changed before it was written."""
    series = truth()
    found = table(manner, series)
    header, _ = headers(manner, found.columns)
    frame = found.rename(dict(zip(found.columns, header, strict=True)))
    path = folder / name
    change(frame).write_csv(path)
    return path


def read(path):
    """The proposal, and the series by it."""
    proposal = intake.propose([path])
    return proposal, intake.read(path, proposal.map)


# Clocks


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("00:00:00", 0),
        ("1:02:03.5", 3723.5),
        ("144:02:18", 518538),
        ("0d 00:00:01.00", 1),
        ("2-01:00:00", 176400),
        ("01:02:03:500", 3723.5),
        ("01:02:03,25", 3723.25),
    ],
)
def test_a_clock_counts_seconds(text, expected):
    assert seconds(pl.Series([text]), "h:min:s").to_list() == [expected]


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("2026-01-05 10:00:01", "date"),
        ("2026/01/05T10:00:01.000", "date"),
        ("05.01.2026 10:00:01", "day.month.year"),
        ("5/1/26 10:00:01", "day.month.year"),
        ("01/05/2026 10:00:01 AM", "month/day/year"),
        ("01/05/2026 10:00:01", "month/day/year"),
    ],
)
def test_a_date_is_read_in_its_order(text, order):
    assert seconds(pl.Series([text]), order).to_list() == [1767607201]


@pytest.mark.parametrize(
    ("text", "hour"),
    [("12:30:00 AM", 0), ("12:30:00 PM", 12), ("1:30:00 pm", 13), ("11:30:00 am", 11)],
)
def test_half_days_are_hours(text, hour):
    found = seconds(pl.Series([f"1/5/2026 {text}"]), "month/day/year")[0]
    assert found % 86400 == hour * 3600 + 1800


@pytest.mark.parametrize("text", ["2026-02-30 10:00:00", "32.01.2026", "1:2", "soon", "1:2:3:4:5"])
def test_what_is_no_time_is_null(text):
    forms = ("h:min:s", "date", "day.month.year", "month/day/year")
    assert [seconds(pl.Series([text]), form)[0] for form in forms] == [None] * 4


def test_half_days_are_american_first_and_doubted(tmp_path):
    path = tmp_path / "x.csv"
    rows = [f"01/05/26 {hour:02}:00 PM,{3 + hour / 10},-1,1" for hour in range(1, 8)]
    path.write_text("\n".join(["Date Time,Voltage(V),Current(A),Step", *rows, ""]))
    proposal = intake.propose([path])
    assert proposal.map.columns["Date Time"] == "Time [month/day/year]"
    (doubt,) = proposal.doubts
    assert doubt.endswith(
        "Keep 'Time [month/day/year]' if that is right, else write 'Time [day.month.year]'."
    )


def test_a_year_of_two_digits_stands_last_but_with_dashes():
    assert order_of(pl.Series(["13/05/26 10:00:00"])) == ("day.month.year", True)
    assert orders_of(pl.Series(["26-01-13 10:00:00"])) == ["day.month.year", "date"]


def test_days_above_twelve_settle_the_order():
    assert order_of(pl.Series(["1/13/2026 10:00", "1/14/2026 10:00"])) == ("month/day/year", True)


def test_the_order_in_which_time_runs_on_is_taken():
    dates = pl.Series(["31.01.2026 23:00", "01.02.2026 01:00"])
    assert order_of(dates) == ("day.month.year", True)
    assert order_of(pl.Series(["09/01/2026 23:00", "10/01/2026 01:00"]))[1] is False


@pytest.mark.parametrize("unit", ["us", "ms"])
def test_typed_times_are_seconds(unit):
    times = pl.Series([0, 1500]).cast(pl.Duration("ms")).cast(pl.Duration(unit))
    assert measured(times, "h:min:s", "s", ".").to_list() == [0, 1.5]
    stamps = pl.Series([0, 1500]).cast(pl.Datetime("ms")).cast(pl.Datetime(unit))
    assert measured(stamps, "date", "s", ".").to_list() == [0, 1.5]


def test_a_test_with_dates_alone_has_seconds(tmp_path):
    start = pl.datetime(2026, 1, 31, 23, 0)
    path = written(
        tmp_path,
        lambda frame: frame.with_columns(
            (start + pl.duration(microseconds=(pl.col("Test_Time(s)") * 1e6).round()))
            .dt.strftime("%d.%m.%Y %H:%M:%S%.6f")
            .alias("Datum")
        ).drop("Test_Time(s)"),
    )
    proposal, series = read(path)
    assert proposal.map.columns["Datum"] == "Time [day.month.year]"
    assert proposal.doubts == ()
    assert series[T].to_list() == pytest.approx(truth()[T].to_list(), abs=1e-6)


def test_a_date_either_way_round_is_doubted(tmp_path):
    path = tmp_path / "x.csv"
    rows = [f"0{day}/01/2026 10:00:00,{3 + day / 10},-1,1" for day in range(2, 8)]
    path.write_text("\n".join(["Date,Voltage(V),Current(A),Step", *rows, ""]))
    (doubt,) = intake.propose([path]).doubts
    assert "may have day and month either way round; it is read as day.month.year" in doubt


def test_time_of_steps_is_added_up(tmp_path):
    path = written(
        tmp_path,
        lambda frame: frame.with_columns(
            (
                pl.col("Test_Time(s)")
                - pl.col("Test_Time(s)").first().over("Step_Index", "Cycle_Index")
            )
            .round(3)
            .alias("Step_Time(s)")
        ).drop("Test_Time(s)"),
    )
    proposal, series = read(path)
    assert proposal.map.repairs == ("add up time that restarts with each step",)
    assert proposal.doubts == ()
    # Steps follow each other at once, but for the rest, which begins a minute later.
    expected = truth().filter(pl.col(STEP) < 6)[T].to_list()
    assert series[T].to_list()[: len(expected)] == pytest.approx(expected, abs=0.01)


def test_a_step_may_begin_later_on_its_clock_than_a_short_one_ended(tmp_path):
    path = tmp_path / "x.csv"
    rows = [(10, 3.0, 1), (20, 3.1, 1), (30, 3.2, 1), (5, 3.3, 2), (60, 3.0, 3), (120, 2.9, 3)]
    lines = [f"{time},{volt},{-1 if step < 3 else 1},{step}" for time, volt, step in rows]
    path.write_text("\n".join(["Step Time(s),Voltage(V),Current(A),Step", *lines, ""]))
    mapping = intake.propose([path]).map
    series = intake.read(path, replace(mapping, current="discharge positive"))
    assert series[T].to_list() == [0, 10, 20, 25, 85, 145]


def test_a_time_that_restarts_under_another_name_is_doubted(tmp_path):
    restarting = pl.col("Test_Time(s)") - pl.col("Test_Time(s)").first().over(
        "Step_Index", "Cycle_Index"
    )
    path = written(tmp_path, lambda frame: frame.with_columns(restarting.round(3)))
    proposal, _ = read(path)
    assert any("starts again in 6 rows, each where a step begins" in one for one in proposal.doubts)


def test_rows_that_say_0_again_are_dropped_if_doubted(tmp_path):
    again = pl.int_range(pl.len()).is_in([20, 40])
    path = written(
        tmp_path,
        lambda frame: frame.with_columns(
            pl.when(~again).then("Test_Time(s)").otherwise(0.0).alias("Test_Time(s)"),
            Row=pl.int_range(pl.len()),
        ),
    )
    proposal, series = read(path)
    assert proposal.map.repairs == ("drop rows where time restarts",)
    assert "starts again in 2 rows, and the next row goes on as before" in proposal.doubts[0]
    assert_frame_equal(series.select(CORE), truth().filter(~again).select(CORE))
    assert series["Row"].to_list() == [row for row in range(76) if row not in (20, 40)]
    with pytest.raises(IntakeError, match=r"goes back in lines 22, 42.*repairs = \['drop rows"):
        intake.read(path, replace(proposal.map, repairs=()))


# Steps


def test_without_steps_one_ends_where_the_direction_changes(tmp_path):
    path = written(tmp_path, lambda frame: frame.drop("Step_Index"))
    proposal, series = read(path)
    said = "No column counts steps: one ends wherever charge, discharge or rest begins."
    assert said in proposal.evidence
    assert series[STEP].to_list() == truth()[STEP].to_list()


def test_without_steps_one_ends_where_the_state_changes(tmp_path):
    manner = Manner(sign="unsigned")
    path = written(tmp_path, lambda frame: frame.drop("Step_Index"), manner)
    _, series = read(path)
    assert series[STEP].to_list() == truth()[STEP].to_list()


def test_the_contracts_own_columns_are_kept_as_they_are(tmp_path):
    series = truth().drop(Q)
    path = tmp_path / "own.parquet"
    series.write_parquet(path)
    proposal, found = read(path)
    assert proposal.map.columns == {name: name for name in series.columns}
    assert (proposal.map.current, proposal.doubts) == ("discharge positive", ())
    assert_frame_equal(found, series)


def test_a_count_that_counts_nothing_is_left_out_and_doubted(tmp_path):
    path = written(tmp_path, lambda frame: frame.with_columns(pl.lit(6.28).alias("Cycle_Index")))
    proposal, series = read(path)
    assert "'Cycle_Index' is no count: it is 6.28" in proposal.doubts[0]
    assert "Cycle count" not in series.columns


def test_rows_that_tell_no_step_belong_to_the_one_before(tmp_path):
    gap = pl.int_range(pl.len()).is_between(14, 16)
    path = written(
        tmp_path,
        lambda frame: frame.with_columns(
            pl.when(~gap).then(name).alias(name) for name in ("Cycle_Index", "Step_Index")
        ),
    )
    _, series = read(path)
    assert_frame_equal(series.select(CORE), truth().select(CORE))


# The sign


@pytest.mark.parametrize("sign", ["charge positive", "discharge positive"])
@pytest.mark.parametrize(
    ("counters", "witness"), [("cycle", "counter rises"), ("none", "The voltage")]
)
def test_the_strongest_witness_is_named(tmp_path, sign, counters, witness):
    path = write(tmp_path, Manner(sign=sign, counters=counters), truth())
    proposal, _ = read(path)
    assert proposal.map.current == sign
    assert any(witness in said and "current" in said for said in proposal.evidence)


def test_a_state_is_asked_before_the_voltage(tmp_path):
    path = written(
        tmp_path,
        lambda frame: frame.with_columns(
            pl.when(pl.col("Current(A)") > 0)
            .then(pl.lit("C"))
            .when(pl.col("Current(A)") < 0)
            .then(pl.lit("D"))
            .otherwise(pl.lit("R"))
            .alias("State")
        ),
        Manner(counters="none"),
    )
    proposal, _ = read(path)
    assert any("The state is charge while the current is positive" in s for s in proposal.evidence)


def test_witnesses_that_contradict_each_other_are_doubted(tmp_path):
    swapped = {
        "Charge_Capacity(Ah)": "Discharge_Capacity(Ah)",
        "Discharge_Capacity(Ah)": "Charge_Capacity(Ah)",
    }
    path = written(tmp_path, lambda frame: frame.rename(swapped))
    proposal = intake.propose([path])
    assert proposal.map.current == "discharge positive"
    assert "but the voltage rises with positive current" in proposal.doubts[0]


def test_counters_give_a_direction_where_no_state_does(tmp_path):
    path = written(tmp_path, lambda frame: frame.with_columns(pl.col("Current(A)").abs()))
    proposal, series = read(path)
    assert (proposal.map.current, proposal.doubts) == ("unsigned", ())
    expected = truth()[A].to_list()
    assert series[A].to_list() == expected
    assert "-0.0" not in {str(value) for value in series[A]}


def test_a_current_that_is_never_negative_is_doubted(tmp_path):
    path = written(
        tmp_path, lambda frame: frame.filter(pl.col("Current(A)") > 0), Manner(counters="none")
    )
    assert any("may have no sign" in doubt for doubt in intake.propose([path]).doubts)


# Counters


def test_a_counter_that_restarts_inside_a_step_begins_a_new_one(tmp_path):
    row = pl.int_range(pl.len())
    counter = pl.col("Charge_Capacity(Ah)")
    path = written(
        tmp_path,
        lambda frame: frame.with_columns(
            pl.when(row.is_between(5, 11)).then(counter - counter.gather(5)).otherwise(counter)
        ),
        Manner(counters="step"),
    )
    proposal, series = read(path)
    assert proposal.map.repairs == ("new step where a counter restarts",)
    assert "start again inside a step, as after an interruption" in proposal.doubts[0]
    assert series[STEP].max() == truth()[STEP].max() + 1
    with pytest.raises(
        IntakeError,
        match="falls inside a step in line 7, first",
    ):
        intake.read(path, replace(proposal.map, repairs=()))


def test_a_counter_that_runs_backwards_is_left_out_of_its_step(tmp_path):
    row = pl.int_range(pl.len())
    counter = pl.col("Charge_Capacity(Ah)")
    path = written(
        tmp_path,
        lambda frame: frame.with_columns(pl.when(row == 8).then(counter - 0.3).otherwise(counter)),
        Manner(counters="step"),
    )
    proposal, series = read(path)
    assert proposal.map.repairs == ("leave out counters that fall",)
    assert series.filter(pl.col(STEP) == 0)[CHARGE_CAPACITY].null_count() == 12
    assert series[CHARGE_CAPACITY].null_count() == 12


def test_counters_can_be_left_out(tmp_path):
    path = write(tmp_path, ARBIN, truth())
    series = intake.read(path, replace(intake.propose([path]).map, counters="none"))
    assert not {CHARGE_CAPACITY, DISCHARGE_CAPACITY} & {*series.columns}


def test_a_net_counter_is_the_contracts_capacity(tmp_path):
    path = write(tmp_path, Manner(counters="net", capacity="mAh"), truth())
    proposal, series = read(path)
    assert any("it is a net counter" in said for said in proposal.evidence)
    assert series[CAPACITY].first() == pytest.approx(2)


@pytest.mark.parametrize(
    ("column", "factor", "times"),
    [
        ("Current(A)", 1000, 1000),
        ("Test_Time(s)", 1 / 3600, 3600),
        ("Charge_Capacity(Ah)", 1, None),
    ],
)
def test_a_unit_that_is_another_is_doubted(tmp_path, column, factor, times):
    path = written(tmp_path, lambda frame: frame.with_columns(pl.col(column) * factor))
    proposal = intake.propose([path])
    said = proposal.doubts if times else proposal.evidence
    assert any((f" {times} times larger" if times else "the units fit") in one for one in said)


def test_counters_that_know_more_than_the_rows_are_kept(tmp_path):
    counters = pl.col("Charge_Capacity(Ah)", "Discharge_Capacity(Ah)")
    path = written(tmp_path, lambda frame: frame.with_columns(counters * 1.5))
    proposal, _ = read(path)
    assert any("are 1.5 times the integral" in said for said in proposal.evidence)
    assert proposal.doubts == ()


def test_a_unit_nobody_tells_is_doubted_with_the_usual_one(tmp_path):
    names = {"Voltage(V)": "Voltage", "Test_Time(s)": "Test_Time"}
    path = written(
        tmp_path, lambda frame: frame.rename(names).with_columns(pl.col("Voltage") * 1000)
    )
    proposal, series = read(path)
    assert "taken as 'Test_Time' in s, 'Voltage' in mV" in proposal.doubts[0]
    assert series[V].max() < 4


def test_two_columns_for_one_thing_are_doubted(tmp_path):
    path = written(tmp_path, lambda frame: frame.with_columns(pl.col("Voltage(V)").alias("Ewe/V")))
    (doubt,) = intake.propose([path]).doubts
    assert (
        doubt == "'Voltage(V)' and 'Ewe/V' are both known for 'Voltage [V]'; 'Voltage(V)' is taken."
    )


def test_steps_told_in_words_are_no_counts(tmp_path):
    path = written(tmp_path, lambda frame: frame.with_columns(pl.lit("CC").alias("Step_Index")))
    proposal, series = read(path)
    assert "Step_Index" not in proposal.map.columns
    assert series["Step_Index"].unique().to_list() == ["CC"]


def test_a_state_told_in_numbers_is_kept_as_it_is(tmp_path):
    path = tmp_path / "x.parquet"
    table(ARBIN, truth()).rename(
        {"Test_Time({})": "Time/s", "Voltage({})": "U/V", "Current({})": "I/A"}
    ).with_columns(State=pl.lit(3)).write_parquet(path)
    proposal, series = read(path)
    assert "State" not in proposal.map.columns
    assert series["State"].unique().to_list() == [3]


def test_voltage_and_current_that_never_meet_tell_no_direction(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("Time/s,U/V,I/A,Step\n0,3.1,,1\n1,,1.0,1\n2,3.2,,1\n3,,1.0,1\n")
    doubts = intake.propose([path]).doubts
    assert any("there is no row with time, voltage and current" in doubt for doubt in doubts)


# Whatever else stands in a file


def test_other_columns_are_kept_under_their_own_names(tmp_path):
    path = written(
        tmp_path,
        lambda frame: frame.with_columns(
            pl.lit("007").alias("Serial"),
            pl.lit(7).alias("Channel"),
            pl.lit(0.5).alias("dQ/dV(mAh/V)"),
            pl.lit(None, pl.String).alias("Nothing"),
            pl.lit("a,b").alias("Note"),
        ),
    )
    _, series = read(path)
    own = {name: series[name][0] for name in ("Serial", "Channel", "dQ/dV(mAh/V)", "Note")}
    assert own == {"Serial": "007", "Channel": 7, "dQ/dV(mAh/V)": 0.5, "Note": "a,b"}
    assert "Nothing" not in series.columns


def test_row_numbers_of_pandas_are_left_out(tmp_path):
    path = written(tmp_path, lambda frame: frame.with_row_index("").with_columns())
    _, series = read(path)
    assert not {"", "Unnamed: 0"} & {*series.columns}


def test_a_column_called_like_a_result_gets_a_name_of_its_own(tmp_path):
    path = written(
        tmp_path,
        lambda frame: frame.rename({"Test_Time(s)": "Total Time(s)"}).with_columns(
            pl.lit(1.0).alias("Time [s]")
        ),
    )
    _, series = read(path)
    assert series["Time [s] of the file"].to_list() == [1] * series.height


def test_a_second_state_gets_a_name_of_its_own(tmp_path):
    manner = Manner(sign="unsigned", spelling="neware")
    path = written(tmp_path, lambda frame: frame.with_columns(pl.lit("ok").alias("State")), manner)
    proposal, series = read(path)
    assert proposal.map.columns["Step Type"] == "State"
    assert series["State of the file"].unique().to_list() == ["ok"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("above", ["", "sep=;\n", "Prüfung: µ\n\n"])
def test_any_encoding_and_head_is_read(tmp_path, encoding, above):
    path = write(tmp_path, Manner(spelling="german", delimiter=";", decimal=","), truth())
    path.write_bytes((above + path.read_text("utf-8")).encode(encoding))
    proposal, series = read(path)
    assert proposal.doubts == ()
    assert_frame_equal(series.select(CORE), truth().select(CORE))


def test_a_file_is_read_once(tmp_path, monkeypatch):
    path = write(tmp_path, Manner(), truth())
    mapping = intake.propose([path]).map
    opened, plain = [], Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: opened.append(self) or plain(self))
    intake.read(path, mapping)
    assert opened == [path]


def test_a_column_can_be_left_out_and_renamed(tmp_path):
    path = written(tmp_path, lambda frame: frame.with_columns(a=pl.lit(1), b=pl.lit(2)))
    mapping = intake.propose([path]).map
    columns = {**mapping.columns, "a": "_", "b": "Chamber"}
    series = intake.read(path, replace(mapping, columns=columns))
    assert "a" not in series.columns
    assert series["Chamber"][0] == 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "2", None], [1, 2, None]),
        (["01", "2"], ["01", "2"]),
        (["1.5", "nan"], [1.5, None]),
        (["1.5", "on"], ["1.5", "on"]),
        (["+1", "2"], ["+1", "2"]),
    ],
)
def test_texts_are_numbers_only_where_nothing_is_lost(values, expected):
    found = kept(pl.Series(values), ".")
    found = found.fill_nan(None) if found.dtype.is_float() else found
    assert found.to_list() == expected


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("1,5", ",", 1.5),
        ("1.500", ",", None),
        ("1,5", ".", None),
        (" 1.5 ", ".", 1.5),
        ("1e-3", ".", 1e-3),
        ("1,0E-3", ",", 1e-3),
    ],
)
def test_numbers_are_read_as_they_are_written(text, decimal, expected):
    assert numbers(pl.Series([text]), decimal).to_list() == [expected]


def test_units_are_converted_exactly():
    assert measured(pl.Series(["1100", "0.3"]), "mA", "A", ".").to_list() == [1.1, 0.0003]
    assert measured(pl.Series(["298.15"]), "K", "degC", ".").to_list() == [25.0]


# Files of several kinds


def test_an_export_with_rows_of_three_kinds_is_read_by_its_records():
    path = need("cellpy-neware", "nw_regular_export_ife_example.csv")
    proposal, series = read(path)
    by_hand = real_series.ife_full_cell()
    assert proposal.map.current == "charge positive"
    assert_frame_equal(series.select(by_hand.columns), by_hand, rel_tol=1e-9, abs_tol=1e-9)
    assert series["State"].unique().sort().to_list() == ["CC Chg", "CC DChg", "Rest"]


def test_a_record_that_does_not_fit_its_header_is_named(tmp_path):
    lines = (
        need("cellpy-neware", "nw_regular_export_ife_example.csv").read_text("latin-1").splitlines()
    )
    mapping = intake.propose([need("cellpy-neware", "nw_regular_export_ife_example.csv")]).map
    lines[7] += ",1"
    path = tmp_path / "x.csv"
    path.write_text("\n".join([*lines, ""]))
    with pytest.raises(
        IntakeError, match="Line 8 has 23 cells where the header of the records has 22"
    ):
        intake.read(path, mapping)


def test_two_records_of_one_header_are_named(tmp_path):
    source = need("cellpy-neware", "nw_regular_export_ife_example.csv")
    lines = source.read_text("latin-1").splitlines()
    mapping = intake.propose([source]).map
    lines[2] = lines[2].replace("Date", "Power(W)")
    path = tmp_path / "x.csv"
    path.write_text("\n".join([*lines, ""]))
    with pytest.raises(IntakeError, match="is the header of several columns of the records"):
        intake.read(path, mapping)


def test_files_with_the_same_columns_are_alike(tmp_path):
    series = truth()
    paths = [
        write(tmp_path, manner, series, f"{at}.csv")
        for at, manner in enumerate([ARBIN, Manner(spelling="bdf"), ARBIN, Manner(delimiter=";")])
    ]
    (tmp_path / "bad.parquet").write_bytes(b"")
    found = intake.alike([*paths, tmp_path / "bad.parquet"])
    names = [[path.name for path in group] for group in found]
    assert names == [["0.csv", "2.csv"], ["1.csv"], ["3.csv"], ["bad.parquet"]]


def test_tests_of_one_file_are_read_one_by_one(tmp_path):
    def both(frame):
        other = frame.with_columns(
            pl.lit("c-2").alias("Cell"), pl.col("Voltage(V)").cast(pl.String)
        )
        broken = other.with_columns(pl.lit("?").alias("Voltage(V)"))
        first = frame.with_columns(
            pl.lit("c-1").alias("Cell"), pl.col("Voltage(V)").cast(pl.String)
        )
        return pl.concat([first, broken, other.with_columns(pl.lit("c-3").alias("Cell"))])

    path = written(tmp_path, both)
    mapping = intake.propose([path], ["Cell"]).map
    found = {key: made for (key,), made in intake.parts(path, mapping, ["Cell"])}
    assert list(found) == ["c-1", "c-2", "c-3"]
    assert_frame_equal(found["c-1"], found["c-3"])
    assert "Cell" not in found["c-1"].columns
    assert "x.csv (c-2) cannot become a time series" in str(found["c-2"])
    with pytest.raises(IntakeError, match="There is no column 'Zelle'"):
        list(intake.parts(path, mapping, ["Zelle"]))


def test_columns_that_are_none_of_ours_are_named(tmp_path):
    import labs

    from cellframe.intake.series import propose

    path = tmp_path / "c-001.csv"
    frame = labs.arbin().with_columns(pl.lit(0.01).alias("Internal_Resistance(Ohm)"))
    path.write_text(frame.write_csv(), "utf-8")
    assert propose([path]).evidence[-1] == "Kept under their own names: 'Internal_Resistance(Ohm)'."
