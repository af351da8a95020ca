"""``python -m cellframe``: the ``cellframe`` command where its script is out of reach."""

from cellframe.cli.main import main

if __name__ == "__main__":
    main()
