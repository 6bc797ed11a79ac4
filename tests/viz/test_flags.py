"""In shell blocks a flag is one piece; elsewhere nothing changes."""

from irlib.viz.flags import keep_flags_whole

HEAD = '<div class="highlight-{} notranslate"><div class="highlight"><pre><span></span>'
TAIL = "</pre></div></div>"


def block(language: str, code: str) -> str:
    return HEAD.format(language) + code + TAIL


def test_each_flag_of_a_command_is_marked():
    space = '<span class="w"> </span>'
    code = f"irlib{space}evaluate{space}--init-from{space}a--b<br>irlib x \\\n  --sigma 25"
    marked = keep_flags_whole(f"<p>--no</p>{block('bash', code)}")
    assert marked.count("irlib-flag") == 2
    assert f'{space}<span class="irlib-flag">--init-from</span>{space}a--b' in marked
    assert '  <span class="irlib-flag">--sigma</span> 25' in marked
    assert marked.startswith("<p>--no</p>")


def test_programs_stay_as_they_are():
    code = block("ipython3", "x = y --z")
    assert keep_flags_whole(code) == code
    assert keep_flags_whole(block("text", "nothing - to -- mark")).count("irlib-flag") == 0
