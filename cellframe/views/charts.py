r"""How is a column called in a chart?

Vega, which draws what altair describes, reads ``.`` and ``[`` in a field as a way into nested data,
and altair reads ``:`` as the beginning of a type: a bare ``Voltage [V]`` is an empty axis.
Source: "Types and field names" of the documentation of vega and "Encoding shorthands" of altair's.
"""

from __future__ import annotations

import re

from cellframe.errors import ConfigError

TYPES = {
    "Q": "quantitative",
    "T": "temporal",
    "O": "ordinal",
    "N": "nominal",
    "G": "geojson",
}


def alt(label: str, type: str | None = None) -> str:  # noqa: A002 - altair's word
    r"""Return a column's label as altair understands it.

    Parameters
    ----------
    label : str
        The label as it stands in the frame, ``"Voltage [V]"``. A type at its end, as in
        ``"Voltage [V]:Q"``, stays one.
    type : str, optional
        ``"Q"``, ``"T"``, ``"O"``, ``"N"``, ``"G"``, or the whole word, ``"quantitative"``.

    Returns
    -------
    str
        With ``.``, brackets, ``:`` and ``'`` escaped: ``Voltage \[V\]:Q``.

    Raises
    ------
    ConfigError
        There is no such type; or the label holds ``"`` or ``\``, which no chart can draw.

    Examples
    --------
    Where altair wants a column: ``alt.Chart(frame).mark_line().encode(x=cf.alt("Time [s]"), …)``.

    >>> import cellframe as cf
    >>> print(cf.alt("Voltage [V]", "Q"))
    Voltage \[V\]:Q
    """
    known = {*TYPES, *TYPES.values()}
    body, _, end = label.rpartition(":")
    name, kind = (body, end) if type is None and body and end in known else (label, type)
    if kind is not None and kind not in known:
        message = f"type={kind!r} is none of altair's: {', '.join(map(repr, TYPES))}."
        raise ConfigError(message)
    if "\\" in name or '"' in name:
        # Met in Vega-Lite 6: it loses the one and cannot read its own texts with the other.
        message = f"{name!r} holds a backslash or a double quote, and no chart can draw that. Rename the column, or all by frame.cell.plain_names()."
        raise ConfigError(message)
    # A label such as mean(x) would be read as a mean.
    escaped = re.sub(r"([.\[\]():'])", r"\\\1", name)
    return escaped if kind is None else f"{escaped}:{kind}"
