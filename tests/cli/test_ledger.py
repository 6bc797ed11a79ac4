"""``irlib ledger``: show and verify."""

from typer.testing import CliRunner

from irlib.cli.ledger import app
from irlib.errors import IrlibError
from irlib.ledger import Record, write_record


def call(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_show_and_verify(tmp_path):
    path = write_record(Record(name="a/b", values={"psnr": 28.5}), tmp_path)
    assert "a/b: psnr 28.5" in call("show", "--results", tmp_path).output
    assert "psnr: 28.5000" in call("show", "a/b", "--results", tmp_path).output
    assert call("verify", "--results", tmp_path).exit_code == 0
    path.write_text(path.read_text().replace("28.5", "29.5"))
    assert isinstance(call("verify", "--results", tmp_path).exception, IrlibError)
