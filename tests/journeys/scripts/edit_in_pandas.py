"""Three cells are weighed again, in pandas with its defaults: its row numbers are saved too."""

import sys

import pandas as pd

path = sys.argv[1]
cells = pd.read_csv(path)
cells.loc[cells.index[3:6], "cell.mass [g]"] = [38.45, 38.5, 39]
cells.to_csv(path)
