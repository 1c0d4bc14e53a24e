"""``make bench``: every benchmark, and the table of README.md."""

from benchmarks.suite import main

if __name__ == "__main__":
    main()
