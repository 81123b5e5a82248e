"""Settings of nbgrader for the course folder, which loads this file."""

from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader.preprocessors import (
    CheckCellMetadata,
    IgnorePattern,
    LimitOutput,
    SaveAutoGrades,
)

from classroom.course import KERNEL
from classroom.executor import Execute

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "nclib"
c.CourseDirectory.directory_structure = (
    "{nbgrader_step}/{student_id}/{assignment_id}"
)
for step in ("source", "release", "submitted", "autograded", "feedback"):
    setattr(c.CourseDirectory, f"{step}_directory", step)
c.Autograde.autograde_preprocessors = [
    Execute,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveAutoGrades,
    CheckCellMetadata,
]
c.Execute.kernel_name = KERNEL
# Slow output is no reason to give up a notebook.
c.Execute.raise_on_iopub_timeout = False
