"""Command line: ``python -m classroom release | grade``."""

import argparse
import sys
from pathlib import Path

from classroom.course import ROOT, release
from classroom.grading import Limits, grade
from classroom.sandbox import landlock_missing


def _release(arguments):
    for archive in release(arguments.course, arguments.assignment):
        print(f"{archive}  {archive.stat().st_size / 1024:.0f} KiB")


def _grade(arguments):
    reason = landlock_missing()
    if reason:
        print(
            f"No Landlock here ({reason}): submissions run with limits on "
            "time and memory, but can read and delete what you can. Grade "
            "in a container.",
            file=sys.stderr,
        )
    limits = Limits(
        arguments.cell_seconds, arguments.seconds, arguments.memory
    )
    rows = grade(
        arguments.submissions,
        arguments.course,
        arguments.assignment,
        limits,
        again=arguments.again,
    )
    for row in rows:
        print(
            f"{row['student']:20} {row['assignment']:5} {row['status']:10} "
            f"{row['automatic']:4.1f}/{row['automatic_max']:.0f} automatic, "
            f"{row['written']:4.1f}/{row['written_max']:.0f} written, "
            f"{row['to_read']} to read  {row['note']}"
        )
    print(
        f"{arguments.course / 'grades.csv'}, feedback in "
        f"{arguments.course / 'feedback'}"
    )


def main(argv=None):
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m classroom")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--course", type=Path, default=ROOT / "course", help="course folder"
    )
    common.add_argument(
        "--assignment",
        action="append",
        metavar="NAME",
        help="ps1, say; repeatable",
    )
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser(
        "release", parents=[common], help="write the handouts"
    )
    one.set_defaults(command=_release)
    one = commands.add_parser(
        "grade", parents=[common], help="grade a folder of submissions"
    )
    one.add_argument(
        "submissions", type=Path, help="folder with one folder a student"
    )
    one.add_argument(
        "--again", action="store_true", help="also what has not changed"
    )
    one.add_argument("--cell-seconds", type=int, default=Limits.cell)
    one.add_argument("--seconds", type=int, default=Limits.notebook)
    one.add_argument("--memory", type=float, default=Limits.memory, help="GiB")
    one.set_defaults(command=_grade)
    arguments = parser.parse_args(argv)
    arguments.course = arguments.course.resolve()
    try:
        arguments.command(arguments)
    except (ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
