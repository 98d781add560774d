# ruff: noqa: E501 - an attack is one line, and looks like something else
"""Texts that try to run, load, forge or hide something; every one must stay a text.

Each is a ``(name, text)`` pair, so that tests can be parametrised with readable ids::

    @pytest.mark.parametrize("hostile", TEXTS, ids=NAMES)
"""

from __future__ import annotations

BEACON = "http://beacon.invalid/p"
"""Where the texts try to call; no test may ever see a request to it."""

HTML: dict[str, str] = {
    "script": f"<script>document.title='PWNED';fetch('{BEACON}?script')</script>",
    "script upper": "<SCRIPT>document.title='PWNED'</SCRIPT>",
    "script broken": "<scr<script>ipt>document.title='PWNED'</scr</script>ipt>",
    "script end": "</script><script>document.title='PWNED'</script>",
    "style end": "</style><script>document.title='PWNED'</script>",
    "title end": "</title><script>document.title='PWNED'</script>",
    "textarea end": "</textarea></noscript></template><script>document.title='PWNED'</script>",
    "comment end": "--><script>document.title='PWNED'</script><!--",
    "cdata": "]]><script>document.title='PWNED'</script>",
    "attribute end": "\"'><img src=x onerror=\"document.title='PWNED'\">",
    "attribute only": 'x" onmouseover="document.title=\'PWNED\'" autofocus onfocus="document.title=\'PWNED\'" y="',
    "image error": "<img src=x onerror=\"document.title='PWNED'\">",
    "image beacon": f'<img src="{BEACON}?img">',
    "svg onload": "<svg onload=\"document.title='PWNED'\"></svg>",
    "svg animate": "<svg><animate onbegin=\"document.title='PWNED'\" attributeName=x dur=1s></svg>",
    "svg use": f'<svg><use href="{BEACON}?use#x"/></svg>',
    "math": "<math><mtext><table><mglyph><style><img src=x onerror=\"document.title='PWNED'\">",
    "iframe": f'<iframe src="{BEACON}?iframe" srcdoc="<script>parent.document.title=\'PWNED\'</script>"></iframe>',
    "object": f'<object data="{BEACON}?object"></object><embed src="{BEACON}?embed">',
    "form": f'<form action="{BEACON}?form"><input autofocus onfocus="document.title=\'PWNED\'"><button>Go</button></form>',
    "style overlay": "<style>*{position:fixed;background:red}</style>",
    "style import": f"<style>@import '{BEACON}?css';</style><link rel=stylesheet href='{BEACON}?link'>",
    "inline style": f"<div style=\"position:fixed;inset:0;background:url('{BEACON}?bg')\">over</div>",
    "meta refresh": f'<meta http-equiv="refresh" content="0;url={BEACON}?meta">',
    "base": f'<base href="{BEACON}?base/">',
    "command link": '<button data-commandlinker-command="apputils:change-theme" data-commandlinker-args="{}">x</button>',
    "details": "<details open ontoggle=\"document.title='PWNED'\"><summary>x</summary></details>",
    "media": f"<video src='{BEACON}?video' autoplay onerror=\"document.title='PWNED'\"></video><audio src='{BEACON}?audio'>",
    "entities": "&lt;script&gt;document.title='PWNED'&lt;/script&gt; &#60;img src=x onerror=alert(1)&#62;",
    "unclosed": "<img src=x onerror=document.title='PWNED' ",
    "null inside": "<scr\x00ipt>document.title='PWNED'</scr\x00ipt>",
    "template": "{{constructor.constructor('document.title=1')()}} ${document.title='PWNED'} <%= 7*7 %>",
    "placeholder": "{{ body }} {{title}} __BODY__ $body %(body)s {style}",
    "tex": r"$$\href{javascript:document.title='PWNED'}{x}$$ \(\unicode{<img src=x onerror=alert(1)>}\)",
}
"""Meant for the page."""

MARKDOWN: dict[str, str] = {
    "md image": f"![x]({BEACON}?md) ![y][r]\n\n[r]: {BEACON}?ref",
    "md script link": "[click](javascript:document.title='PWNED') [click](JaVaScRiPt:alert(1)) [c](  javascript:alert(1))",
    "md entity link": "[click](&#106;avascript:alert(1)) [c](java&Tab;script:alert(1)) [c](\x01javascript:alert(1))",
    "md data link": "[click](data:text/html,<script>alert(1)</script>) <data:text/html,x> [v](vbscript:x)",
    "md local link": "[shut down](/api/shutdown) [x](../../lab?token=1) [y](//beacon.invalid/p) [z](file:///etc/passwd)",
    "md autolink": "<javascript:alert(1)> <https://evil.example/?a=<script>>",
    "md forged host": "[https://bank.example](https://bank.example@evil.example/login)",
    "md link title": '[x](https://evil.example "\\" onmouseover=\\"document.title=\'PWNED\'")',
    "md raw html": "a <b onclick=\"document.title='PWNED'\">b</b>\n\n<div id=main class=jp-Dialog>over</div>",
    "md fence": "```\" onmouseover=\"document.title='PWNED'\n</code></pre><script>document.title='PWNED'</script>\n```",
    "md heading": "# Verdict: everything passed\n\nSetext\n===",
    "md table": "|a|b|\n|-|-|\n|<script>document.title='PWNED'</script>|![x](" + BEACON + "?cell)|",
    "md hidden": "a&#x202e;b&#x200b;c&#xe0041;d&#0;e&#x9b;f",
}
"""Meant for the Markdown renderer."""

TERMINAL: dict[str, str] = {
    "clear screen": "\x1b[2J\x1b[HPASS",
    "colour": "\x1b[31mred\x1b[0m",
    "osc 8 link": "\x1b]8;;http://beacon.invalid/\x1b\\click\x1b]8;;\x1b\\",
    "osc 52 clipboard": "\x1b]52;c;cm0gLXJmIC8K\x07",
    "window title": "\x1b]0;PWNED\x07",
    "carriage return": "FAIL\rPASS",
    "backspace": "FAIL\b\b\b\bPASS",
    "c1 csi": "\x9b2J\x9d52;c;eA==\x9c\x85next",
    "bell and delete": "\x07\x7f\x00\x0e\x0f",
    "rich markup": "[bold red]PASS[/bold red] [link=http://beacon.invalid]x[/link] [/]",
}
"""Meant for the terminal."""

UNICODE: dict[str, str] = {
    "rtl override": "user\u202etxt.exe\u202c",
    "isolates": "\u2066\u2067\u2068a\u2069\u202a\u202b\u202db",
    "marks": "a\u200eb\u200fc\u061cd",
    "zero width": "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg",
    "tags": "hello\U000e0001\U000e0049\U000e0067\U000e006e\U000e007f",
    "variation selectors": "a\U000e0100b\ufe00c",
    "fillers": "a\u3164b\u115fc\uffa0d\u180ee",
    "line separators": "a\u2028b\u2029c",
    "lone surrogate": "a\ud800b\udfffc",
    "not characters": "a\ufffeb\uffffc\ufff9d",
    "zalgo": "Z" + "\u0301\u0327\u0336" * 200,
    "right to left": "שלום <b>עולם</b> مرحبا",
}
"""Meant for the reader's eye."""

SPREADSHEET: dict[str, str] = {
    "formula": '=HYPERLINK("http://beacon.invalid/","x")',
    "plus": "+1+cmd|' /C calc'!A0",
    "minus": "-2+3+cmd|' /C calc'!A0",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "tab": "\t=1+1",
    "return": "\r=1+1",
    "newline": "\n=1+1",
    "full width": "\uff1d1+1",
    "quoted": '"=1+1"',
}
"""Meant for a spreadsheet."""

LONG: dict[str, str] = {
    "3 MB": "A" * 3_000_000,
    "3 MB of tags": "<b>" * 1_000_000,
    "wide emoji": "👨‍👩‍👧" * 60_000,
}
"""Meant for memory and patience."""

CASES: dict[str, str] = {**HTML, **MARKDOWN, **TERMINAL, **UNICODE, **SPREADSHEET}
"""Every short text by name."""

NAMES = list(CASES)
TEXTS = list(CASES.values())
