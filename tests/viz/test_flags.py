"""In shell blocks and named in the text a flag is one piece; elsewhere nothing changes."""

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


def test_a_flag_named_in_the_text_is_one_piece():
    code = '<code class="docutils literal notranslate"><span class="pre">{}</span></code>'
    flag = code.format("--precision")
    whole = code.format('<span class="irlib-flag">--precision</span>')
    assert keep_flags_whole(f"<td>{flag} or -- {flag}</td>") == f"<td>{whole} or -- {whole}</td>"


def test_programs_stay_as_they_are():
    code = block("ipython3", "x = y --z")
    assert keep_flags_whole(code) == code
    assert keep_flags_whole(block("text", "nothing - to -- mark")).count("irlib-flag") == 0
