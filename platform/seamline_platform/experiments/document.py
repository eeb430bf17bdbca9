"""A report as one HTML file: charts, tables and text in English and Chinese, nothing from outside.

The language is chosen by a button; the choice of light or dark follows the reader's system.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.charts import Words

_STYLE: Final = """
:root{--paper:#fff;--ink:#1d2430;--soft:#5b6675;--rule:#d9dee6;--c0:#1f6fb2;--c1:#c8501e;
--c2:#2c8a57;--c3:#8247b5;--c4:#a8820a;--c5:#5b6675}
@media(prefers-color-scheme:dark){:root{--paper:#14181f;--ink:#e6eaf0;--soft:#9aa5b5;
--rule:#303846;--c0:#62aeea;--c1:#f0895a;--c2:#5fc98f;--c3:#bd93ea;--c4:#dcb941;--c5:#9aa5b5}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:1360px;margin:0 auto;padding:28px 24px 60px}h1{font-size:28px;margin:0 0 6px}
h2{font-size:20px;margin:34px 0 6px;border-top:1px solid var(--rule);padding-top:22px}
p{max-width:78ch;margin:8px 0}.soft{color:var(--soft)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,520px),1fr));gap:22px}
svg{width:100%;height:auto}svg text{fill:var(--ink);font-size:12px}svg .title{font-size:15px;
font-weight:600}svg .label,svg .tick{fill:var(--soft)}.middle{text-anchor:middle}
.end{text-anchor:end}.grid{stroke:var(--rule)}.line{fill:none;stroke-width:2}
.dashed{stroke-dasharray:6 4}.band{opacity:.2;stroke:none}.faint{opacity:.45}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto}th,td{padding:4px 12px 4px 0;text-align:right;white-space:nowrap;
border-bottom:1px solid var(--rule)}th:first-child,td:first-child{text-align:left}
button{float:right;font:inherit;background:none;color:inherit;border:1px solid var(--rule);
border-radius:6px;padding:4px 12px;cursor:pointer}html:not(.chinese) .zh{display:none}
html.chinese .en{display:none}@media print{button{display:none}}
"""
_COLOURS: Final = "".join(f".s{i}{{stroke:var(--c{i})}}.f{i}{{fill:var(--c{i})}}" for i in range(6))
_SWITCH: Final = (
    "const h=document.documentElement;function turn(){h.classList.toggle('chinese');"
    "h.lang=h.classList.contains('chinese')?'zh':'en'}"
    "if(navigator.language.startsWith('zh'))turn()"
)


def both(text: Words) -> str:
    """Return a text in both languages, of which the page shows one."""
    en, zh = (escape(part) for part in text)
    return f'<span class="en">{en}</span><span class="zh" lang="zh">{zh}</span>'


def paragraph(text: Words, css: str = "") -> str:
    """Return a paragraph."""
    return f'<p class="{css}">{both(text)}</p>'


def section(title: Words, *parts: str) -> str:
    """Return a headed section of ready parts."""
    return f"<section><h2>{both(title)}</h2>{''.join(parts)}</section>"


def gallery(charts: Sequence[str]) -> str:
    """Return charts side by side, as many as fit."""
    return '<div class="charts">' + "".join(f"<figure>{c}</figure>" for c in charts) + "</div>"


def table(head: Sequence[Words], rows: Sequence[Sequence[str | Words]]) -> str:
    """Return a table; a cell is one text for both languages, or a pair."""
    top = "".join(f"<th>{both(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>"
        + "".join(f"<td>{both((c, c) if isinstance(c, str) else c)}</td>" for c in row)
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def page(title: Words, intro: Words, sections: Sequence[str]) -> str:
    """Return the whole file."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title[0])} · {escape(title[1])}</title>"
        f"<style>{_STYLE}figure{{margin:0}}{_COLOURS}</style></head><body><main>"
        '<button onclick="turn()"><span class="en">中文</span><span class="zh">English</span>'
        f"</button><h1>{both(title)}</h1>{paragraph(intro, 'soft')}{''.join(sections)}"
        f"</main><script>{_SWITCH}</script></body></html>\n"
    )


def write(file: Path, text: str) -> None:
    """Write a report.

    Raises:
        ConfigError: if the file cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise ConfigError(f"The report cannot be written to {file}: {exc}.") from exc
