"""The AsyncAPI document as a page to read: plain HTML, made here, that loads nothing."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from string import Template
from typing import Any

from csp_gateway.server.web.live.message_schemas import REF

__all__ = ["page"]

_TEMPLATE = Path(__file__).parent.parent / "templates" / "asyncapi.html"
_CODE = re.compile(r"`([^`]+)`")

_OF_CHANNEL = ("channel", "key", "data")
"""Members of a tick that are other ones for another channel."""

Schema = Mapping[str, Any]


def page(document: Mapping[str, Any], root: str, origin: str) -> str:
    """The page.

    Args:
        root: the prefix under which a proxy serves the gateway.
        origin: where the reader has found it, such as ``http://localhost:8000``.
    """
    messages, schemas = document["components"]["messages"], document["components"]["schemas"]
    said = [name for name in messages if name in ("subscribe", "unsubscribe", "ping") or name.startswith("send.")]
    ticks = [name for name in messages if name.startswith("tick.")]
    others = [name for name in messages if name not in said and name not in ticks]
    told = [("ticks", "every", "every tick")] if ticks else []
    told += [("tick", name, messages[name]["title"]) for name in ticks]
    parts = (
        ("Where", [("channel", name, each["title"]) for name, each in document["channels"].items()]),
        ("What you say", [("message", name, messages[name]["title"]) for name in said]),
        ("What you are told", [*told, *(("message", name, messages[name]["title"]) for name in others)]),
        ("Codes", [("codes", "errors", "Errors"), ("codes", "closing", "Close codes")]),
        ("What messages hold", [("schema", name, name) for name in schemas]),
    )
    made: dict[str, Callable[[str], str]] = {
        "channel": lambda name: _channel(document["channels"][name], origin),
        "message": lambda name: _message(messages[name]),
        "ticks": lambda _: _every_tick(messages[ticks[0]]),
        "tick": lambda name: _tick(messages[name]),
        "codes": lambda name: _errors(document) if name == "errors" else _close_codes(document),
        "schema": lambda name: f"<h3>{_text(name)}</h3>{_schema(schemas[name])}",
    }
    body, contents = [], []
    for title, entries in parts:
        body.append(f"<h2>{_text(title)}</h2>")
        contents.append(f"<h2>{_text(title)}</h2>")
        for kind, name, label in entries:
            place = html.escape(f"{kind}-{name}")
            contents.append(f'<a href="#{place}">{_text(label)}</a>')
            body.append(f'<section id="{place}">{made[kind](name)}</section>')
    info = document["info"]
    template = Template(_TEMPLATE.read_text("utf-8"))
    given = {"title": info["title"], "version": info["version"], "root": root}
    escaped = {name: html.escape(value) for name, value in given.items()}
    return template.substitute(**escaped, contents="\n".join(contents), body="\n".join(body))


def _channel(channel: Schema, origin: str) -> str:
    address = channel["address"]
    if "parameters" in channel:
        (described,) = channel["parameters"].values()
        named = next(
            (name.removeprefix("tick.") for name in channel["messages"] if name.startswith("tick.")), "CHANNEL"
        )
        path = address.replace("{channels}", named)
        said = f"curl -N {origin}{path}\n\nnew EventSource({json.dumps(path)}).onmessage = event => …"
        more = f"<p>{_text(described['description'])}</p>"
    else:
        said, more = f"new WebSocket({json.dumps(origin.replace('http', 'ws', 1) + address)})", ""
    paragraphs = "".join(f"<p>{_text(each)}</p>" for each in channel["description"].strip().split("\n\n"))
    return f"<h3>{_text(channel['title'])}</h3><p><code>{_text(address)}</code></p>{paragraphs}{more}{_pre(said)}"


def _message(message: Schema) -> str:
    shown = "".join(
        f"<h4>Example{', ' + _text(each['summary']) if 'summary' in each else ''}</h4>{_pre(_brief(each['payload']))}"
        for each in message["examples"]
    )
    summary = message["summary"]
    return f"<h3>{_text(message['title'])}</h3><p>{_text(summary)}</p>{_members(message['payload'])}{shown}"


def _every_tick(message: Schema) -> str:
    payload = message["payload"]
    of_all = {name: each for name, each in payload["properties"].items() if name not in _OF_CHANNEL}
    described = f"{payload['description']} Beside what each channel has of its own below:"
    placed = _pre(_brief(message["examples"][-1]["payload"]))
    return f"<h3>Every tick</h3><p>{_text(described)}</p>{_members({'properties': of_all})}<h4>Example</h4>{placed}"


def _tick(message: Schema) -> str:
    payload = message["payload"]
    own = {name: each for name, each in payload["properties"].items() if name in _OF_CHANNEL}
    shown = _pre(_brief(message["examples"][0]["payload"]))
    return f"<h3>{_text(message['title'])}</h3>{_members({**payload, 'properties': own})}<h4>Example</h4>{shown}"


def _schema(schema: Schema) -> str:
    described = f"<p>{_text(schema['description'])}</p>" if "description" in schema else ""
    return described + (_members(schema) if "properties" in schema else f"<p>{_kind(schema)}</p>")


def _members(schema: Schema) -> str:
    required = schema.get("required", ())
    rows = []
    for name, member in schema["properties"].items():
        must = '<span class="must">required</span>' if name in required else ""
        default = f" Default: {_text('`' + json.dumps(member['default']) + '`')}." if "default" in member else ""
        rows.append(
            (f"<code>{_text(name)}</code>{must}", _kind(member), _text(member.get("description", "")) + default)
        )
    return _table(("Member", "Type", "Meaning"), rows)


def _errors(document: Mapping[str, Any]) -> str:
    rows = [(f"<code>{_text(code)}</code>", _text(meaning)) for code, meaning in document["x-error-codes"].items()]
    return f"<h3>Errors</h3>{_table(('Code', 'When'), rows)}"


def _close_codes(document: Mapping[str, Any]) -> str:
    rows = [
        (f"<code>{each['code']}</code>", "yes" if each["comeBack"] else "no", _text(each["description"]))
        for each in document["x-close-codes"]
    ]
    return f"<h3>Close codes</h3>{_table(('Code', 'Come back', 'Why'), rows)}"


def _kind(schema: Schema) -> str:
    """A type in few words, which leads to what it names."""
    if "$ref" in schema:
        name = html.escape(schema["$ref"].removeprefix(REF))
        return f'<a href="#schema-{name}">{name}</a>'
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            kinds = list(dict.fromkeys(_kind(each) for each in schema[several]))
            return " or ".join([*(each for each in kinds if each != "null"), *(["null"] if "null" in kinds else [])])
    if "const" in schema or "enum" in schema:
        values = [schema["const"]] if "const" in schema else schema["enum"]
        return ", ".join(f"<code>{_text(json.dumps(each))}</code>" for each in values)
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {_kind(schema['additionalProperties'])}"
    return _text(
        ", ".join(kind) if isinstance(kind, list) else f"{kind} ({schema['format']})" if "format" in schema else kind
    )


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{_text(each)}</th>" for each in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _pre(text: str) -> str:
    return f"<pre><code>{html.escape(text)}</code></pre>"


def _brief(payload: Any) -> str:
    """JSON in one line if it is short."""
    line = json.dumps(payload, ensure_ascii=False)
    return line if len(line) <= 96 else json.dumps(payload, ensure_ascii=False, indent=2)


def _text(markdown: str) -> str:
    return _CODE.sub(r"<code>\1</code>", html.escape(markdown))
