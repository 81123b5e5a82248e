"""The classroom: hand out the problem sets, grade what comes back.

    python -m classroom release           what `make assignments` runs
    python -m classroom grade DIRECTORY   what `make grade` runs

The masters, with solutions and hidden tests, are `book/assignments/`. All
that is made from them lies in one folder, the course.
"""
