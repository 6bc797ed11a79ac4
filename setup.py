"""Puts the ledger's records into a built package, so that an installed irlib can read them.

All settings stand in pyproject.toml. It cannot say this one thing: the records lie once, in
book/results, outside of the package that must carry them.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

RECORDS = Path("book/results")


class BuildWithRecords(build_py):
    """Copies book/results to irlib/ledger/shipped of what is built; never of the checkout."""

    def run(self):
        super().run()
        if self.editable_mode:  # irlib is then read where it lies, beside book/results
            return
        shipped = Path(self.build_lib) / "irlib" / "ledger" / "shipped"
        for path in sorted(RECORDS.rglob("*.json")):
            target = shipped / path.relative_to(RECORDS)
            self.mkpath(str(target.parent))
            self.copy_file(str(path), str(target))

    def get_source_files(self):
        return super().get_source_files() + [str(path) for path in sorted(RECORDS.rglob("*.json"))]


setup(cmdclass={"build_py": BuildWithRecords})
