from irlib.ledger import write_record
from irlib.ledger.from_parity import record_of_parity
from irlib.models.parity import ParityResult
from irlib.viz.parity_page import parity_text, write_parity_page

RESULTS = [
    ParityResult("restormer", "restormer_full", 26_126_644, 4.2e-7),
    ParityResult("nafnet", "nafnet_loss", 0, 0.5),
]


def test_a_row_a_file_with_its_verdict(tmp_path):
    made = record_of_parity(RESULTS, [], "parity/full-size", command="irlib parity")
    write_record(made, tmp_path)
    text = parity_text(tmp_path)
    assert "| Restormer | 4.2e-07 | equal | `restormer_full` | 26,126,644 | 1e-05 |" in text
    assert "| NAFNet | 5.0e-01 | **differs** | `nafnet_loss` | none | 1e-05 |" in text
    assert "1 of 2 are equal. Record <a href=" in text
    assert "small networks" not in text


def test_without_a_record_the_page_says_so(tmp_path):
    path = write_parity_page(tmp_path / "made", tmp_path)
    assert path.read_text() == "No comparison has been recorded yet.\n"
